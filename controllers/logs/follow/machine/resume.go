// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package machine

import "time"

// resumption judges whether a new connection continues where the one before it ended.
type resumption struct {
	// begun means that lines were read before, by an earlier connection or by an earlier controller.
	begun bool
	// left is the pace at the last disconnection, or nil while connected.
	left *pace
	// suspect is the pace at the earliest disconnection that may have lost lines, or nil.
	suspect *pace
}

// restored records that an earlier controller has read lines. How its connection ended is unknown.
func (r *resumption) restored() { r.begun, r.suspect = true, &pace{} }

// disconnected remembers the pace of a connection that ended.
func (r *resumption) disconnected(p *pace) {
	if r.begun {
		left := *p
		r.left = &left
	}
}

// connected judges the time since the last disconnection. fileSize is the size in bytes at which a kubelet rotates a
// file.
func (r *resumption) connected(now time.Time, fileSize int64) {
	if r.left == nil {
		return
	}
	r.left.away(now, fileSize)
	if r.suspect == nil && !r.left.unbroken(containerEnd{}, time.Time{}) {
		r.suspect = r.left
	}
	r.left = nil
}

// lost reports whether lines may have been lost between two connections. Call it before the first new line, with its
// timestamp, and at the end of the log. replayed reports whether the last read line has come again.
func (r *resumption) lost(replayed bool, end containerEnd, next time.Time) bool {
	lost := r.suspect != nil && !replayed && !r.suspect.unbroken(end, next)
	r.suspect = nil
	return lost
}
