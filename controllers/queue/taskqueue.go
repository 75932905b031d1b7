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
	queue   *taskQueue
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
	// reserved means that it counts as waiting in its namespace, with the size that it had when it was first seen.
	reserved bool
	bytes    int64
	// told is the position in the queue that it last got, or 0.
	reported int
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

// taskKey identifies the queue of a Task, as in the label of a Job. Seed has no more from a Job.
type taskKey struct{ namespace, task string }

// taskQueue has the executions of one Task that have not ended.
type taskQueue struct {
	key taskKey
	// rules are those of the Task. They are known once an execution has asked.
	rules Rules
	known bool
	// members counts the entries with this queue.
	members int
	// waiting are the waiting executions in the order of the queue.
	waiting []*entry
	active  map[types.UID]*entry
}

// hasFreePlace reports whether the Task's own limit allows one more active execution.
func (q *taskQueue) hasFreePlace() bool {
	return q.rules.MaxRunning == 0 || len(q.active) < q.rules.MaxRunning
}

// next returns the execution that gets the Task's next place, or nil.
func (q *taskQueue) next() *entry {
	if !q.known || len(q.waiting) == 0 || !q.hasFreePlace() {
		return nil
	}
	if q.rules.Policy != v1alpha1.ConcurrencyReplace || q.rules.MaxRunning == 0 {
		return q.waiting[0]
	}
	replaced := q.replaced()
	for _, x := range q.waiting {
		if !slices.Contains(replaced, x) {
			return x
		}
	}
	return nil
}

// replaced returns the executions that must end under the policy Replace, oldest first: of those that nobody cancelled,
// all except the newest maxRunning.
func (q *taskQueue) replaced() []*entry {
	stay := slices.Clone(q.waiting)
	for _, x := range q.active {
		if !x.cancelled && !x.kept {
			stay = append(stay, x)
		}
	}
	slices.SortFunc(stay, before)
	return stay[:max(0, len(stay)-q.rules.MaxRunning)]
}

func (q *taskQueue) enqueue(x *entry) {
	x.state = waiting
	at, _ := slices.BinarySearchFunc(q.waiting, x, before)
	q.waiting = slices.Insert(q.waiting, at, x)
}

// take removes an entry from where it is.
func (q *taskQueue) take(x *entry) {
	if x.state == active {
		delete(q.active, x.uid)
		return
	}
	if at, found := slices.BinarySearchFunc(q.waiting, x, before); found {
		q.waiting = slices.Delete(q.waiting, at, at+1)
	}
}
