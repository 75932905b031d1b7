// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package machine

import "time"

// ending judges whether the log is read to its end. The API server also ends a response normally when its connection to
// the kubelet breaks, so one read proves nothing. The log is read to its end when another read brings the last line
// again and nothing after it.
type ending struct {
	// last is the unfinished line with which the last response ended, or nil if no such line waits for confirmation.
	// before is that of the response before. taken means that the last response confirmed it.
	last, before *unfinished
	taken        bool
	// quiet counts the responses in a row that brought nothing new.
	quiet int
	// cut means that the response ended within a part of a line that was read before.
	cut bool
	// stamped means that the response had a line of the program; unstamped, that it had a line without a timestamp.
	stamped, unstamped bool
}

// unfinished is a line without a newline.
type unfinished struct {
	at   time.Time
	hash uint64
}

// verdict is the judgement about a response of an ended container.
type verdict int

const (
	// notTheEnd means that more may come, after a pause.
	notTheEnd verdict = iota
	// toConfirm means that another read, at once, may show that this was the end.
	toConfirm
	theEnd
)

func (e *ending) connected() {
	e.before, e.last = e.last, nil
	e.taken, e.cut, e.stamped, e.unstamped = false, false, false, false
}

// isLast reports whether an unfinished line is the last one of the program. A line that was cut with its connection
// does not come again unchanged.
func (e *ending) isLast(at time.Time, hash uint64) bool {
	if b := e.before; b != nil && b.at.Equal(at) && b.hash == hash {
		e.taken = true
		return true
	}
	e.last = &unfinished{at, hash}
	return false
}

// isNoLog reports whether the response had a message of the kubelet instead of a log.
func (e *ending) isNoLog(final bool) bool { return final && e.unstamped && !e.stamped }

// judge judges a response. fresh reports whether it had new lines, begun whether any line was ever read, and replayed
// whether the last read line has come again.
func (e *ending) judge(fresh, begun, replayed bool) verdict {
	if fresh {
		e.quiet = 0
		return toConfirm
	}
	e.quiet++
	switch {
	case e.last != nil: // it is accepted when it comes again
	case e.cut, e.before != nil && !e.taken: // the response before had more
		e.quiet = 0
		return notTheEnd
	case !begun && e.quiet >= 2: // a log without a line
		return theEnd
	case !begun:
	case replayed:
		return theEnd
	case e.stamped:
		// A file with lines from before the last one also has the last one. So the response was cut before it.
		e.quiet = 0
		return notTheEnd
	case e.quiet >= 3: // the last line was rotated away
		return theEnd
	}
	if e.quiet < 2 {
		return toConfirm
	}
	return notTheEnd
}
