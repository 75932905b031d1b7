// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/census"
)

// Answer is the answer of the ledger to an execution.
type Answer struct {
	// Granted means that it has a place. Since is when it was first told so, if places are limited.
	Granted bool
	Since   time.Time
	// Position is its position among the waiting executions of its Task, counted from 1 (position.go).
	Position int
	// Rules are those of its Task as the ledger knows them, and Occupancy is what it finds. Judge reads both. They are
	// set if it has no place.
	Rules     census.Rules
	Occupancy census.Occupancy
	// Limit is the reached limit.
	Limit int
	// Active names up to three of the Task's oldest active executions.
	Active []string
	// Replaces are the executions to cancel for it, under the policy Replace.
	Replaces []types.NamespacedName
}

// Judge returns the verdict on the execution, which has no place. accepted means that its own status says that it may
// wait.
func (a Answer) Judge(accepted bool) census.Verdict {
	a.Occupancy.Accepted = a.Occupancy.Accepted || accepted
	return a.Rules.Judge(a.Occupancy)
}

// namedActive bounds Answer.Active.
const namedActive = 3

// Ask asks for a place for an execution, under the rules of its Task. known is false if the ledger does not have the
// execution: it has ended or is gone, and the caller has an old copy. woken are the other executions to reconcile.
func (l *Ledger) Ask(uid types.UID, rules Rules, now time.Time) (answer Answer, woken []types.NamespacedName, known bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	x := l.entries[uid]
	if x == nil || x.kept || x.state == leaving {
		return Answer{}, nil, false
	}
	q := x.queue
	if !q.known || rules.newerThan(q.rules) {
		q.rules, q.known = rules, true
	}
	woken = slices.DeleteFunc(l.grant(q), func(key types.NamespacedName) bool { return key == x.key })
	if x.state == active {
		if x.since.IsZero() && l.limited(q.rules) {
			x.since = now
		}
		return Answer{Granted: true, Since: x.since}, woken, true
	}
	answer = l.waits(x)
	if x.reported == 0 || Advanced(x.reported, answer.Position) {
		x.reported = answer.Position
	}
	return answer, woken, true
}

// waits returns the answer for a waiting execution.
func (l *Ledger) waits(x *entry) Answer {
	q := x.queue
	blocker := cmp.Or(l.blocker(x), v1alpha1.BlockedByController) // it got no place, so something blocks it
	at := q.position(x)
	answer := Answer{Position: at, Rules: q.rules.Rules, Occupancy: census.Occupancy{
		Active: len(q.active), Ahead: at - 1, Queued: q.ahead(x), Blocked: blocker, Accepted: x.accepted,
	}}
	v := answer.Judge(false)
	answer.Limit = l.limitOf(v.BlockedBy, q.rules)
	x.accepted = v.Outcome != census.Refuse
	oldest := slices.SortedFunc(maps.Values(q.active), before)
	for _, a := range oldest[:min(len(oldest), namedActive)] {
		answer.Active = append(answer.Active, a.key.Name)
	}
	if q.rules.Policy == v1alpha1.ConcurrencyReplace && q.rules.MaxRunning > 0 {
		for _, r := range q.replaced() {
			if before(r, x) < 0 {
				answer.Replaces = append(answer.Replaces, r.key)
			}
		}
	}
	return answer
}

// limitOf returns the limit that a blocker applies.
func (l *Ledger) limitOf(blocker v1alpha1.QueueBlocker, rules Rules) int {
	switch blocker {
	case v1alpha1.BlockedByTask:
		return rules.MaxRunning
	case v1alpha1.BlockedByNamespace:
		return l.limits.PerNamespace
	default:
		return l.limits.Total
	}
}
