// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package dedup

import (
	"errors"
	"io"
	"time"

	"github.com/taskexec/taskexec/controllers/logs/lines"
)

// ErrAgain ends a read whose first line was skipped by mistake. The log must be read again from Since. This happens at
// most twice in a row.
var ErrAgain = errors.New("the log is to be read once more")

// Reader reads a log over one connection, and reports which of its lines are new to the Window.
//
// Two cases need care:
//
// A file may begin within a line. When a file is rotated within a line, containerd ends the old file with the beginning
// of the line, and begins the new file with the rest and a new timestamp (redirectLogs in its internal/cri/io, when a
// log is reopened). A reader that comes from the old file gets one line. A reader that begins with the new file gets
// the rest as a line. Such a first line is stamped earlier than the last read line and was not read itself. The next
// line tells whether it is new: a file has no new line before one that was read.
//
// A response may contain a file twice. The kubelet opens the newest file when it learns of a skipped file, and again
// when it learns of the newest file itself. Then the timestamps go back, and the Reader searches the file. If the file
// has the last accepted line after the current line, the current line was read before.
type Reader struct {
	lines  *lines.Reader
	window *Window
	open   Open
	begun  bool
}

// Open opens the current file from a time in whole seconds on, without following it.
type Open func(since time.Time) (io.ReadCloser, error)

// Line is a line of a log.
type Line struct {
	lines.Line
	// Hash is the hash of its head, for Accept.
	Hash uint64
	// New means that it was not read before, and is remembered now. Only lines that are Whole or have More are judged.
	New bool
	// FileSkipped means that the kubelet skipped a file before this line. From here on the response repeats the current
	// file.
	FileSkipped bool
}

// NewReader returns a Reader of a new connection, which has the log from Since on. It calls Resume.
func NewReader(log io.Reader, w *Window, open Open) *Reader {
	w.Resume()
	return &Reader{lines: lines.NewReader(log), window: w, open: open}
}

// Next returns the next line like lines.Reader. Its error may be ErrAgain.
func (r *Reader) Next() (Line, error) {
	line, err := r.next()
	if !line.judged() {
		return line, err
	}
	first := !r.begun
	r.begun = true
	switch l := line.remembered(); {
	case !first && r.window.wentBack(l) && r.repeats(l):
		r.window.Resume()
		line.FileSkipped = true
		if !r.window.knows(l) { // a file has no new line before one that was read
			return line, err
		}
	case first && r.window.doubts(l):
		line, err = r.next()
		switch {
		case line.judged() && r.window.knows(line.remembered()):
		case err != nil && !errors.Is(err, io.EOF):
			return Line{}, err
		default:
			r.window.believe(l, line.judged())
			return Line{}, ErrAgain
		}
	}
	line.New = r.window.Accept(line.At, line.Hash)
	return line, err
}

// repeats reports whether the current file has a line before the last accepted one.
func (r *Reader) repeats(l line) bool {
	log, err := r.open(time.Unix(0, l.at).UTC().Truncate(time.Second))
	if err != nil {
		return false
	}
	defer func() { _ = log.Close() }() // nothing was written
	last := r.window.recent[len(r.window.recent)-1].line
	found := false
	reader := lines.NewReader(log)
	defer reader.Release()
	for err == nil {
		var line lines.Line
		line, err = reader.Next()
		switch read := lineOf(line.At, r.window.Hash(line.Head)); {
		case read == last:
			return found
		case read == l:
			found = true
		}
	}
	return false
}

func (r *Reader) next() (line Line, err error) {
	line.Line, err = r.lines.Next()
	line.Hash = r.window.Hash(line.Head)
	return line, err
}

func (l *Line) judged() bool { return (l.Whole || l.More) && !l.At.IsZero() }

// Release ends the reading like lines.Reader.
func (r *Reader) Release() { r.lines.Release() }

// Rest returns the rest of a long line like lines.Reader.
func (r *Reader) Rest() (piece []byte, whole bool, err error) { return r.lines.Rest() }

func (l *Line) remembered() line { return lineOf(l.At, l.Hash) }
