// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package machine

import "time"

// resumption judges whether a new connection continues where the one before it ended.
type resumption struct {
	// begun means that lines were read before, by an earlier connection or by an earlier controller.
	begun bool
	// suspect is the pace at the earliest disconnection that may have lost lines, or nil.
	suspect *pace
}

// restored records that an earlier controller has read lines. How its connection ended is unknown.
func (r *resumption) restored() { r.begun, r.suspect = true, &pace{} }

// disconnected remembers the pace of a connection that ended.
func (r *resumption) disconnected(p *pace) {
	if r.suspect == nil && r.begun && !p.unbroken(time.Time{}) {
		suspect := *p
		r.suspect = &suspect
	}
}

// lost reports whether lines may have been lost between two connections. Call it before the first new line and at the
// end of the log. replayed reports whether the last read line has come again. finishedAt is when the container ended,
// or zero while it runs.
func (r *resumption) lost(replayed bool, finishedAt time.Time) bool {
	lost := r.suspect != nil && !replayed && !r.suspect.unbroken(finishedAt)
	r.suspect = nil
	return lost
}
