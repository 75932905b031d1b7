// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package dedup finds the lines of a resumed container log that were read before.
//
// A log can only be requested "since" a time in whole seconds (kubernetes/kubernetes#77856 and the wire form of
// metav1.Time). So a resumed read repeats up to a second of lines, and a little more. A line is recognized by its
// timestamp and content, and counted: a program may print the same line many times in one instant.
package dedup

import (
	"hash/maphash"
	"slices"
	"time"

	"github.com/taskexec/taskexec/controllers/logs/lines"
)

const (
	// maxSeen bounds how many lines are remembered, at 24 bytes each. Equal lines in a row count once.
	maxSeen = 1 << 14
	// slack is how much earlier than a line before it a line may be stamped: the runtime stamps stdout and stderr
	// separately, and writes lines in the order in which they come.
	slack = 100 * time.Millisecond
)

// Window remembers the lines of one container's log that were read lately. The zero value is ready at the beginning of
// a log. It is not safe for concurrent use.
//
// A kubelet serves a log in the order of its file, and a file only loses its beginning. So a resumed read brings all
// remembered lines in the order in which they were accepted, and then new ones. If the file was rotated meanwhile, it
// brings only the later ones of them, or none.
//
// Lines accepted before the first Resume were read by somebody else. They may be only the end of what was read, so
// lines with an earlier timestamp count as read, too.
type Window struct {
	// recent are the accepted lines in order.
	recent []counted
	// floor is the latest timestamp of the accepted lines that are no longer remembered.
	floor int64
	// replay counts the recent lines that have not come again since the last Resume. It is nil when the last of them
	// has come: all later lines are new.
	replay map[line]uint32
	// passing means that no new line has come since the last Resume, so that forgotten lines may come again.
	passing bool
	// awaited is the last line at the Resume. missed means that it has not come again.
	awaited line
	missed  bool
	resumed bool
	// doubted is the first line of a file that may be a part of an already read line. believed means that it is new
	// after all.
	doubted  line
	believed bool
	seed     maphash.Seed
}

// line is a remembered line.
type line struct {
	at   int64
	hash uint64
}

func lineOf(at time.Time, hash uint64) line { return line{at.UnixNano(), hash} }

// counted is a line and how many times it came in a row.
type counted struct {
	line
	count uint32
}

// Since returns the time to resume from in whole seconds, or zero for the beginning. It may decrease if the node's
// clock was set back.
func (w *Window) Since() time.Time {
	if len(w.recent) == 0 {
		return time.Time{}
	}
	return ResumeFrom(time.Unix(0, w.recent[len(w.recent)-1].at).UTC())
}

// ResumeFrom returns the time to resume from after a line with that time, in whole seconds. It is that second, or the
// second before while a line of that second may still come.
func ResumeFrom(at time.Time) time.Time { return at.Add(-slack).Truncate(time.Second) }

// Resume begins a new read from Since, which provides the next lines.
func (w *Window) Resume() {
	w.replay, w.missed, w.passing, w.resumed = nil, false, false, true
	if len(w.recent) == 0 {
		return
	}
	w.recent = slices.Clone(w.recent) // releases the memory of forgotten lines
	w.replay = make(map[line]uint32, len(w.recent))
	from := w.Since().UnixNano()
	for _, l := range w.recent {
		if l.at >= from {
			w.replay[l.line] += l.count
		}
	}
	w.awaited, w.missed, w.passing = w.recent[len(w.recent)-1].line, true, true
}

// Replayed reports whether the last line accepted before the Resume has come again, so that the log goes on where the
// last read ended. It is true if there was no such line.
func (w *Window) Replayed() bool { return !w.missed }

// Hash returns the hash of a line's content, for Accept. A long line need not be held in memory: see NewHash.
func (w *Window) Hash(content []byte) uint64 {
	h := w.NewHash()
	_, _ = h.Write(content) // never returns an error
	return h.Sum64()
}

// NewHash returns a hash to which a line's content is written piece by piece.
func (w *Window) NewHash() *maphash.Hash {
	if w.seed == (maphash.Seed{}) {
		w.seed = maphash.MakeSeed()
	}
	var h maphash.Hash
	h.SetSeed(w.seed)
	return &h
}

// Accept reports whether a line is new, and remembers it.
func (w *Window) Accept(at time.Time, hash uint64) bool {
	l := lineOf(at, hash)
	if w.replay != nil && w.replays(l) {
		return false
	}
	w.remember(l)
	return true
}

// Knows reports whether a line of a resumed read was read before. Other than Accept, it does not remember the line.
func (w *Window) Knows(at time.Time, hash uint64) bool {
	return w.replay != nil && w.knows(lineOf(at, hash))
}

// IsCut reports whether the response that ends with a text without a newline was cut there. The text is the beginning of
// a timestamp, or a part of a line that was read before: it is stamped no later than the last line that was read, which
// has not come again, and is none of the lines that were read.
func (w *Window) IsCut(at time.Time, text []byte, hash uint64) bool {
	if at.IsZero() {
		return lines.IsCutStamp(text)
	}
	l := lineOf(at, hash)
	return w.replay != nil && w.missed && l.at <= w.awaited.at && !w.knows(l)
}

// doubts reports whether the first line of a resumed read may be a part of an already read line (see Reader): it is
// stamped earlier than the last read line, and is not remembered.
func (w *Window) doubts(l line) bool {
	return w.replay != nil && l.at < w.awaited.at && !w.knows(l) && !(w.believed && l == w.doubted)
}

// believe accepts a doubted line as new when that is certain, or when the line comes twice: a response may end early.
func (w *Window) believe(l line, certain bool) {
	w.believed = certain || l == w.doubted
	w.doubted = l
}

// knows reports whether a line is one of those that a resumed read repeats.
func (w *Window) knows(l line) bool { return w.replay[l] > 0 || (w.passing && l.at <= w.floor) }

// replays reports whether a line of a resumed read was read before, and records that it came again.
func (w *Window) replays(l line) bool {
	if l == w.awaited {
		w.missed = false
	}
	switch n := w.replay[l]; {
	case n == 1 && l == w.awaited:
		w.replay = nil
		return true
	case n == 1:
		delete(w.replay, l)
		return true
	case n > 1:
		w.replay[l] = n - 1
		return true
	case w.passing && l.at <= w.floor:
		return true
	}
	w.passing = false
	if l.at > w.awaited.at+int64(slack) {
		w.replay = nil // the awaited line will not come again
	}
	return false
}

// wentBack reports whether a line is stamped much earlier than the line before it in the same read. Then it was read
// before, or the node's clock was set back.
func (w *Window) wentBack(l line) bool {
	n := len(w.recent)
	return w.replay == nil && n > 0 && l.at < w.recent[n-1].at-int64(slack)
}

// remember adds a line. It forgets lines beyond maxSeen, and lines that are too old to come again.
func (w *Window) remember(l line) {
	n := len(w.recent)
	switch {
	case n == 0:
		if !w.resumed {
			w.floor = l.at - 1
		}
	case w.recent[n-1].line == l:
		w.recent[n-1].count++
		return
	}
	w.recent = append(w.recent, counted{l, 1})
	for from := ResumeFrom(time.Unix(0, l.at)).UnixNano(); len(w.recent) > maxSeen || w.recent[0].at < from; w.recent = w.recent[1:] {
		w.floor = max(w.floor, w.recent[0].at)
	}
}
