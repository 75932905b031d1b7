// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/census"
)

// entry is one execution that has not ended.
type entry struct {
	key     types.NamespacedName
	uid     types.UID
	line    *line
	created time.Time
	state   state
	// since is when it was first told that it has a place.
	since time.Time
	// accepted means that it was told to wait, and is never refused then.
	accepted bool
	// cancelled executions get no place. One that has a place keeps it to its end.
	cancelled bool
	// kept means that the execution ended or is gone, and its containers may still run.
	kept bool
	// held means that it counts as waiting in its namespace, with the size that it had when it was first seen.
	held  bool
	bytes int64
	// told is the position in the queue that it last got, or 0.
	told int
}

type state int

const (
	// waiting means waiting for a place.
	waiting state = iota
	// active means that its Job may exist.
	active
	// leaving means that it was cancelled before it had a place.
	leaving
)

func (x *entry) arrival() census.Arrival {
	return census.Arrival{Created: x.created, Name: x.key.Name, UID: x.uid}
}

// before is the order of the queue.
func before(a, b *entry) int { return a.arrival().Compare(b.arrival()) }

// lineKey identifies a line by its Task, as in the label of a Job. Seed has no more from a Job.
type lineKey struct{ namespace, task string }

// line has the executions of one Task.
type line struct {
	key lineKey
	// rules are those of the Task. They are known once an execution has asked.
	rules Rules
	known bool
	// members counts the entries with this line.
	members int
	// waiting are the waiting executions in the order of the queue.
	waiting []*entry
	active  map[types.UID]*entry
}

// room reports whether the Task's own limit allows one more active execution.
func (l *line) room() bool { return l.rules.MaxRunning == 0 || len(l.active) < l.rules.MaxRunning }

// next returns the execution that gets the Task's next place, or nil.
func (l *line) next() *entry {
	if !l.known || len(l.waiting) == 0 || !l.room() {
		return nil
	}
	if l.rules.Policy != v1alpha1.ConcurrencyReplace || l.rules.MaxRunning == 0 {
		return l.waiting[0]
	}
	replaced := l.replaced()
	for _, x := range l.waiting {
		if !slices.Contains(replaced, x) {
			return x
		}
	}
	return nil
}

// replaced returns the executions that must end under the policy Replace, oldest first: of those that nobody cancelled,
// all except the newest maxRunning.
func (l *line) replaced() []*entry {
	stay := slices.Clone(l.waiting)
	for _, x := range l.active {
		if !x.cancelled && !x.kept {
			stay = append(stay, x)
		}
	}
	slices.SortFunc(stay, before)
	return stay[:max(0, len(stay)-l.rules.MaxRunning)]
}

func (l *line) enqueue(x *entry) {
	x.state = waiting
	at, _ := slices.BinarySearchFunc(l.waiting, x, before)
	l.waiting = slices.Insert(l.waiting, at, x)
}

// take removes an entry from where it is.
func (l *line) take(x *entry) {
	if x.state == active {
		delete(l.active, x.uid)
		return
	}
	if at, found := slices.BinarySearchFunc(l.waiting, x, before); found {
		l.waiting = slices.Delete(l.waiting, at, at+1)
	}
}

// advanced returns the executions that moved so far ahead that they should report their new position. So each one
// reports a number of times that grows with the logarithm of the queue's length.
func (l *line) advanced() (out []*entry) {
	for i, x := range l.waiting {
		if Advanced(x.told, i+1) {
			x.told = i + 1
			out = append(out, x)
		}
	}
	return out
}

// Advanced reports whether a new position is worth reporting: it is at most a quarter of the one told last.
func Advanced(told, position int) bool { return told > 0 && position <= told/4 }
