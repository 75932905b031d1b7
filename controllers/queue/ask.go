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

// Place is the answer of the ledger to an execution.
type Place struct {
	// Granted means that it has a place. Since is when it was first told so, if places are limited.
	Granted bool
	Since   time.Time
	// Position is its position among the waiting executions of its Task, counted from 1.
	Position int
	// Rules are those of its Task as the ledger knows them, and Crowd is what it finds. Judge reads both. They are set
	// if it has no place.
	Rules census.Rules
	Crowd census.Crowd
	// Limit is the reached limit.
	Limit int
	// Active names up to three of the Task's oldest active executions.
	Active []string
	// Replaces are the executions to cancel for it, under the policy Replace.
	Replaces []types.NamespacedName
}

// Judge returns the verdict on the execution, which has no place. accepted means that its own status says that it may
// wait.
func (p Place) Judge(accepted bool) census.Verdict {
	p.Crowd.Accepted = p.Crowd.Accepted || accepted
	return p.Rules.Judge(p.Crowd)
}

// namedActive bounds Place.Active.
const namedActive = 3

// Ask asks for a place for an execution, under the rules of its Task. known is false if the ledger does not have the
// execution: it has ended or is gone, and the caller has an old copy. woken are the other executions to reconcile.
func (l *Ledger) Ask(uid types.UID, rules Rules, now time.Time) (place Place, woken []types.NamespacedName, known bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	x := l.entries[uid]
	if x == nil || x.kept || x.state == leaving {
		return Place{}, nil, false
	}
	ln := x.line
	if !ln.known || rules.newerThan(ln.rules) {
		ln.rules, ln.known = rules, true
	}
	woken = slices.DeleteFunc(l.grant(ln), func(key types.NamespacedName) bool { return key == x.key })
	if x.state == active {
		if x.since.IsZero() && l.limited(ln.rules) {
			x.since = now
		}
		return Place{Granted: true, Since: x.since}, woken, true
	}
	place = l.place(x)
	if x.told == 0 || Advanced(x.told, place.Position) {
		x.told = place.Position
	}
	return place, woken, true
}

// place returns the answer for a waiting execution.
func (l *Ledger) place(x *entry) Place {
	ln := x.line
	at, _ := slices.BinarySearchFunc(ln.waiting, x, before)
	blocker := cmp.Or(l.blocker(x), v1alpha1.BlockedByController) // it got no place, so something blocks it
	p := Place{Position: at + 1, Rules: ln.rules.Rules, Crowd: census.Crowd{
		Active: len(ln.active), Ahead: at, Queued: ln.ahead(x), Blocked: blocker, Accepted: x.accepted,
	}}
	v := p.Judge(false)
	p.Limit = l.limitOf(v.BlockedBy, ln.rules)
	x.accepted = v.Outcome != census.Refuse
	oldest := slices.SortedFunc(maps.Values(ln.active), before)
	for _, a := range oldest[:min(len(oldest), namedActive)] {
		p.Active = append(p.Active, a.key.Name)
	}
	if ln.rules.Policy == v1alpha1.ConcurrencyReplace && ln.rules.MaxRunning > 0 {
		for _, r := range ln.replaced() {
			if before(r, x) < 0 {
				p.Replaces = append(p.Replaces, r.key)
			}
		}
	}
	return p
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

// ahead counts the waiting executions that are older than x, or were accepted before it.
func (l *line) ahead(x *entry) (n int) {
	for _, w := range l.waiting {
		if w != x && (w.accepted || before(w, x) < 0) {
			n++
		}
	}
	return n
}
