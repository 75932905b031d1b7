// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"cmp"
	"io"
	"time"

	"pgregory.net/rapid"
)

// response is the kubelet's answer to one request.
type response struct {
	w *world
	// from is the line with which its first file begins.
	from   int
	next   int
	rest   string
	since  time.Time
	follow bool
	// whole means that it does not end too early without an error.
	whole bool
	err   error
}

func (r *response) Read(p []byte) (int, error) {
	for r.rest == "" && r.err == nil {
		r.advance()
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	if n == 0 {
		return 0, r.err
	}
	return n, nil
}

// advance prepares the next line, whole or cut, or ends the response.
func (r *response) advance() {
	w := r.w
	for r.next < len(w.printed) && (w.printed[r.next].at.Before(r.since) || w.printed[r.next].part && r.next > r.from) {
		r.next++
	}
	breaks := w.budget > 0 && w.oneIn(12)
	switch {
	case r.next < len(w.printed):
		line := w.printed[r.next]
		line.text = cmp.Or(line.torn, line.text)
		r.rest = line.String()
		if line.newline {
			r.rest += "\n"
		}
		r.next++
		if breaks {
			at := len(r.rest)
			if !w.oneIn(3) {
				at = rapid.IntRange(0, at).Draw(w.t, "cut at")
			}
			r.cut(at)
		}
	case !w.finishedAt.IsZero() || !r.follow:
		r.err = io.EOF
	case breaks:
		r.cut(0)
	default:
		w.happen()
	}
}

// cut keeps only at bytes of the rest. The response then ends with an error, or as if the log ended there.
func (r *response) cut(at int) {
	w := r.w
	w.budget--
	// A plain read that ends right after the newest delivered line looks like the end of the log (see the package's
	// documentation). So do two in a row that end too early, unless it is within lines that were delivered before.
	whole := r.next - 1
	if at < len(r.rest) {
		whole--
	}
	looksLikeTheEnd := !r.follow && (r.whole && whole >= w.newest || whole == w.newest && (at == 0 || at == len(r.rest)))
	// After two reads that end right after the rest of a torn line, dedup.Reader takes the rest for a new line.
	onlyRest := r.from < len(w.printed) && w.printed[r.from].part && r.next-r.from <= 2
	r.rest, r.err = r.rest[:at], errCut
	switch {
	case r.follow && w.oneIn(3):
		w.left = true
	case w.oneIn(2) && !looksLikeTheEnd && !onlyRest:
		r.err = io.EOF
		w.cutShort = !r.follow
	}
}

func (w *world) respond(since time.Time, follow bool) *response {
	return &response{w: w, from: w.first, next: w.first, since: since, follow: follow}
}
