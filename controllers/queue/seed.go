// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package queue

import "k8s.io/apimachinery/pkg/types"

// NeedsSeed reports whether Seed must be called before a place under these rules can be granted.
func (l *Ledger) NeedsSeed(r Rules) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.seeded && l.limited(r)
}

// Found is a Job or a pod, with its execution by its labels.
type Found struct {
	Key  types.NamespacedName
	UID  types.UID
	Task string // the value of LabelTask
}

// Knows reports whether an execution is in the ledger.
func (l *Ledger) Knows(uid types.UID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.entries[uid] != nil
}

// Seed records what was active before this process: the Jobs of executions that the ledger knows, and what may still
// run of executions that have ended or are gone. It returns the executions to reconcile: the latter, and those that got
// a place.
func (l *Ledger) Seed(found []Found) (woken []types.NamespacedName) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range found {
		x := l.entries[f.UID]
		if x == nil {
			x = l.add(f.Key, f.UID, f.Task)
			x.state = leaving // it was never in the queue
			l.keep(x)
			woken = append(woken, f.Key)
		}
		l.activate(x)
	}
	l.seeded = true
	for _, q := range l.queues {
		woken = append(woken, l.grant(q)...)
	}
	return woken
}
