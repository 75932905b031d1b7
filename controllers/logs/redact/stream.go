// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package redact

import (
	"bytes"
	"errors"
	"io"
)

const (
	// readSize is how many bytes are read at once.
	readSize = 32 << 10
	// maxStamp is the greatest length of the time before a line, in bytes with its space.
	maxStamp = 40
)

// Log returns a container's log without the values. Each line begins with a time, as a kubelet sends it, which Log does
// not change. The result does not depend on the pieces in which the log comes: a log that is read again, or from a
// later line on, has the same lines. Log holds back any part of a line that may be the beginning of a value, at most
// 160 KiB.
//
// whole means that the log ends where the reader log ends. Then a last line without a newline is returned to its end,
// without the beginning of a value there. Otherwise the held-back part of such a line is dropped, because it will be
// read again.
func (r *Redactor) Log(log io.ReadCloser, whole bool) io.ReadCloser {
	if r == nil || len(r.finder.pieces) == 0 {
		return log
	}
	return &logReader{r: r, log: log, whole: whole, chunk: make([]byte, readSize)}
}

type logReader struct {
	r     *Redactor
	log   io.ReadCloser
	whole bool
	chunk []byte
	// held back of the line, from a place that is not within a value or an escape.
	held []byte
	// covered is how much of held was returned as a Marker, which may have to cover more.
	covered int
	// stamped means that the time before the line was returned.
	stamped bool
	// out is what Read has not returned yet, and err the error after it.
	out []byte
	err error
}

func (l *logReader) Close() error { return l.log.Close() }

func (l *logReader) Read(to []byte) (int, error) {
	for len(l.out) == 0 && l.err == nil {
		n, err := l.log.Read(l.chunk)
		l.take(l.chunk[:n])
		if l.err = err; err != nil && l.whole && errors.Is(err, io.EOF) {
			l.end()
		}
	}
	n := copy(to, l.out)
	l.out = l.out[n:]
	if len(l.out) == 0 {
		l.out = nil
		return n, l.err
	}
	return n, nil
}

// take reads a piece of the log.
func (l *logReader) take(piece []byte) {
	for len(piece) > 0 {
		line, rest, ended := bytes.Cut(piece, []byte("\n"))
		l.held = append(l.held, line...)
		piece = rest
		if ended {
			l.stamp()
			l.give(l.r.find(l.held, views(l.held)), len(l.held))
			l.out = append(l.out, '\n')
			l.held, l.covered, l.stamped = l.held[:0], 0, false
			continue
		}
		if len(l.held)-l.covered > readSize+l.r.reach() {
			l.stamp()
			l.part()
		}
	}
}

// stamp returns the time before the line unchanged.
func (l *logReader) stamp() {
	if l.stamped {
		return
	}
	l.stamped = true
	end := bytes.IndexByte(l.held[:min(len(l.held), maxStamp)], ' ') + 1
	for _, c := range l.held[:max(0, end-1)] {
		if (c < '0' || c > '9') && c != '-' && c != ':' && c != '.' && c != '+' && c != 'T' && c != 'Z' {
			return
		}
	}
	l.out = append(l.out, l.held[:end]...)
	l.held = l.held[end:]
}

// reach returns how long a value can be in a text, with all its escapes.
func (r *Redactor) reach() int { return r.finder.longest*maxGrowth + maxEscape }

// part returns the part of a long line that can no longer change.
func (l *logReader) part() {
	all := views(l.held)
	spans := l.r.find(l.held, all)
	target := len(l.held) - l.r.reach()
	at := target
	for before := -1; at != before && at > l.covered; {
		before = at
		for i := range all {
			at = all[i].boundary(at)
		}
		for _, s := range spans {
			if s.start < at && at < s.end {
				at = s.start
			}
		}
	}
	if at <= l.covered {
		at = target // within values that overlap for so long, or within escapes made for this purpose
	}
	l.give(spans, at)
}

// give returns the held text up to a place, and keeps the rest. If the place is within a value, it also keeps the text
// before, so that the end of the value can be found.
func (l *logReader) give(spans []span, at int) {
	given := l.covered
	for _, s := range spans {
		if s.start >= at {
			break
		}
		if s.end <= l.covered {
			continue
		}
		if s.start >= l.covered { // otherwise its Marker was given
			l.out = append(append(l.out, l.held[given:s.start]...), Marker...)
		}
		given = s.end
	}
	keep := at
	if given > at {
		keep = max(0, at-l.r.reach())
	} else {
		l.out = append(l.out, l.held[given:at]...)
	}
	l.held, l.covered = append(l.held[:0], l.held[keep:]...), at-keep
}

// end returns the last line, which has no newline.
func (l *logReader) end() {
	if len(l.held) == 0 {
		return
	}
	l.stamp()
	l.give(l.r.findCut(l.held), len(l.held))
	l.held = nil
}
