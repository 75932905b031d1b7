// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package queue

import "slices"

// position returns the position of a waiting execution in the queue of its Task, counted from 1.
func (q *taskQueue) position(x *entry) int {
	at, _ := slices.BinarySearchFunc(q.waiting, x, before)
	return at + 1
}

// ahead counts the waiting executions that are older than x, or were accepted before it.
func (q *taskQueue) ahead(x *entry) (n int) {
	for _, w := range q.waiting {
		if w != x && (w.accepted || before(w, x) < 0) {
			n++
		}
	}
	return n
}

// advanced returns the executions that moved so far ahead that they should report their new position. So each one
// reports a number of times that grows with the logarithm of the queue's length.
func (q *taskQueue) advanced() (out []*entry) {
	for i, x := range q.waiting {
		if Advanced(x.reported, i+1) {
			x.reported = i + 1
			out = append(out, x)
		}
	}
	return out
}

// Advanced reports whether a new position is worth reporting: it is at most a quarter of the one reported last.
func Advanced(reported, position int) bool { return reported > 0 && position <= reported/4 }
