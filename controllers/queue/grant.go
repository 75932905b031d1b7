// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"cmp"
	"slices"

	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// grant grants every free place after the queue of a Task changed. It returns the executions to reconcile: those that
// were told to wait. An execution that has not asked yet will ask soon.
func (l *Ledger) grant(changed *taskQueue) (woken []types.NamespacedName) {
	candidates := []*taskQueue{changed}
	if l.limits.any() { // places that one Task does not use may go to another
		candidates = candidates[:0]
		for _, q := range l.queues {
			candidates = append(candidates, q)
		}
	}
	touched := []*taskQueue{changed}
	for {
		x := l.next(candidates)
		if x == nil {
			break
		}
		l.activate(x)
		l.grants++
		l.lastGrant[x.key.Namespace] = l.grants
		if x.reported > 0 || x.accepted {
			woken = append(woken, x.key)
		}
		if !slices.Contains(touched, x.queue) {
			touched = append(touched, x.queue)
		}
	}
	for _, q := range touched {
		for _, x := range q.advanced() {
			woken = append(woken, x.key)
		}
	}
	return woken
}

// next returns the execution that gets the next place, or nil. It is in the namespace with the fewest active
// executions, so that one namespace cannot keep the others waiting. Among equals, it is in the namespace whose last
// grant is the oldest, and there it is the oldest execution.
func (l *Ledger) next(candidates []*taskQueue) (first *entry) {
	for _, q := range candidates {
		x := q.next()
		if x == nil || (l.limited(q.rules) && !l.seeded) || l.blocker(x) != "" {
			continue
		}
		if first == nil || l.fairOrder(x, first) < 0 {
			first = x
		}
	}
	return first
}

// fairOrder orders executions of different Tasks.
func (l *Ledger) fairOrder(a, b *entry) int {
	ofA, ofB := a.key.Namespace, b.key.Namespace
	return cmp.Or(cmp.Compare(l.activeIn[ofA], l.activeIn[ofB]), cmp.Compare(l.lastGrant[ofA], l.lastGrant[ofB]), before(a, b))
}

// blocker returns the reached limit over all Tasks, or empty.
func (l *Ledger) blocker(x *entry) v1alpha1.QueueBlocker {
	switch {
	case l.limits.PerNamespace > 0 && l.activeIn[x.key.Namespace] >= l.limits.PerNamespace:
		return v1alpha1.BlockedByNamespace
	case l.limits.Total > 0 && l.active >= l.limits.Total:
		return v1alpha1.BlockedByController
	default:
		return ""
	}
}

func (l *Ledger) limited(r Rules) bool { return l.limits.any() || r.MaxRunning > 0 }

// mayBeLimited reports whether places of a Task may be limited. The rules of its Task may not be known yet.
func (l *Ledger) mayBeLimited(q *taskQueue) bool { return l.limited(q.rules) || (!q.known && l.seeded) }
