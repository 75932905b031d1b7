package redact

import (
	"bytes"
	"errors"
	"io"
)

const (
	// readSize is how much is read at once, in bytes.
	readSize = 32 << 10
	// maxStamp is how long the time before a line is at most, in bytes with its space.
	maxStamp = 40
)

// Log gives a container's log, as a kubelet sends it with a time before each line, without the values. It changes no
// time. What it gives does not depend on how the log comes in pieces, so that a log that is read again, or from a later
// line on, gives the same lines. Of a line it holds what may be the beginning of a value, and at most 160 KiB.
//
// whole tells that the log is over where log ends: then a last line without a newline is given to its end, and where
// it may end within a value, without that. Otherwise what is held of such a line is dropped, as it will be read again.
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
	// held of the line, from a place that is within neither a value nor an escape.
	held []byte
	// covered is how much of what is held was given, as a Marker that may have to cover more.
	covered int
	// stamped: the time before the line was given.
	stamped bool
	// out is what was not read yet, and err what comes after it.
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

// take a piece of the log.
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

// stamp gives the time before the line as it is.
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

// reach is how far a value can reach in a text, with all its escapes.
func (r *Redactor) reach() int { return r.finder.longest*maxGrowth + maxEscape }

// part gives what cannot change any more of a long line.
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
		at = target // within values that overlap each other so far, or within escapes that nobody prints but to get here
	}
	l.give(spans, at)
}

// give what is held up to a place, and hold the rest: with what is before it, where the place is within a value, so that
// it is seen where that ends.
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

// end gives the last line, which has no newline.
func (l *logReader) end() {
	if len(l.held) == 0 {
		return
	}
	l.stamp()
	l.give(l.r.findCut(l.held), len(l.held))
	l.held = nil
}
