// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/taskexec/taskexec/controllers/logs/lines"
)

type printed struct {
	at      time.Time
	text    string
	newline bool
	// torn is what a reader gets of a very long line if the file was rotated within it and its middle is lost.
	torn string
	// part means that this is the rest of a torn line, with which the new file begins. Only a reader that begins with
	// that file gets it as a line.
	part bool
}

func (p printed) String() string { return p.at.UTC().Format(time.RFC3339Nano) + " " + p.text }

// headOf returns what a reader has in memory of a line.
func headOf(p printed) []byte {
	reader := lines.NewReader(strings.NewReader(p.String() + "\n"))
	defer reader.Release()
	line, _ := reader.Next() // a string has no errors
	return bytes.Clone(line.Head)
}

// happen makes one thing happen: time passes, the container prints or ends, its log is rotated, or its pod is removed.
func (w *world) happen() {
	w.now = w.now.Add(time.Duration(rapid.IntRange(0, 2000).Draw(w.t, "ms")) * time.Millisecond)
	if !w.finishedAt.IsZero() {
		w.podGone = w.podGone || (w.budget > 0 && w.oneIn(40))
		return
	}
	if w.budget--; w.budget <= 0 {
		w.exit()
		return
	}
	what := rapid.IntRange(0, 19).Draw(w.t, "what")
	switch {
	case what == 0:
		w.exit()
	case what <= 2 && w.mayRotate():
		w.rotate()
	case what == 3 && w.mayRotate():
		w.printTorn()
	case what <= 13:
		w.print(true)
	case what == 14:
		w.now = w.now.Add(longQuiet)
	}
}

// mayRotate reports whether a kubelet can rotate the file now. It does not rotate twice in a moment, nor after a long
// quiet. Before the first line the machine can only guess, so the file is not rotated.
func (w *world) mayRotate() bool {
	return w.rotations > 0 && len(w.got) > 0 && w.now.Sub(w.rotatedAt) >= minRotation && w.now.Sub(w.quietSince) < longQuiet
}

func (w *world) rotate() {
	w.rotations--
	w.first, w.rotatedAt = len(w.printed), w.now
}

// printTorn prints a very long line. The file is rotated within it, and its middle is lost.
func (w *world) printTorn() {
	begin := fmt.Sprintf("%d %s", len(w.printed), strings.Repeat("x", LongLine))
	rest := fmt.Sprintf("%d %s", len(w.printed)+1, strings.Repeat("y", rapid.IntRange(1, 2*lines.MaxHead).Draw(w.t, "rest")))
	w.printed = append(w.printed, printed{at: w.now, text: begin + "lost" + rest, newline: true, torn: begin + rest})
	w.now = w.now.Add(time.Duration(rapid.IntRange(1, 2000).Draw(w.t, "ms")) * time.Millisecond)
	w.rotate()
	w.printed = append(w.printed, printed{at: w.now, text: rest, newline: true, part: true})
	w.quietSince = w.now
}

func (w *world) exit() {
	if w.oneIn(3) {
		w.print(false)
	}
	w.finishedAt = w.now
}

func (w *world) print(newline bool) {
	length := 5
	if w.oneIn(4) {
		length = rapid.IntRange(lines.MaxHead, 3*lines.MaxHead).Draw(w.t, "length")
	}
	text := fmt.Sprintf("%d %s", len(w.printed), strings.Repeat("x", length))
	w.printed = append(w.printed, printed{at: w.now, text: text, newline: newline})
	w.quietSince = w.now
}
