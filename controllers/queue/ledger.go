// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"sync"

	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/backlog"
	"github.com/taskexec/taskexec/controllers/census"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

// Ledger records the executions that have not ended. It is safe for concurrent use.
type Ledger struct {
	limits Limits

	mu      sync.Mutex
	entries map[types.UID]*entry
	queues  map[taskKey]*taskQueue
	// active counts the active executions in total, and activeIn by namespace.
	active   int
	activeIn map[string]int
	// heldIn is what waits in each namespace for its Job. An active execution also waits, until its Job exists.
	heldIn map[string]backlog.Held
	// grants counts the granted places, and lastGrant is that count at the last grant of each namespace.
	grants    int
	lastGrant map[string]int
	// kept are the entries whose execution ended or is gone.
	kept map[types.UID]*entry
	// seeded means that the ledger knows what was active before this process. Until then no limited place is granted.
	seeded bool
}

// NewLedger returns an empty ledger.
func NewLedger(limits Limits) *Ledger {
	return &Ledger{
		limits: limits, entries: map[types.UID]*entry{}, queues: map[taskKey]*taskQueue{},
		activeIn: map[string]int{}, heldIn: map[string]backlog.Held{}, lastGrant: map[string]int{}, kept: map[types.UID]*entry{},
	}
}

// Observe records an execution as a watch shows it. The states of one execution must come in their order. It returns
// the executions to reconcile.
func (l *Ledger) Observe(e *v1alpha1.TaskExecution) []types.NamespacedName {
	l.mu.Lock()
	defer l.mu.Unlock()
	x, standing := l.entries[e.UID], census.StandingOf(e)
	if standing == census.Ended {
		if x == nil || x.kept {
			return nil
		}
		return l.remove(x)
	}
	if x == nil {
		x = l.add(types.NamespacedName{Namespace: e.Namespace, Name: e.Name}, e.UID, jobspec.LabelValue(e.Spec.TaskRef.Name))
		x.created, x.bytes = e.CreationTimestamp.Time, e.Size
		x.queue.enqueue(x)
	}
	switch waits := e.Status.Job == nil && e.Spec.Cancel == nil; {
	case !waits:
		l.unreserve(x)
	case e.Status.Phase != "": // also after a restart
		l.reserve(x)
	}
	if standing == census.Active { // also after a restart
		l.activate(x)
	}
	if e.Status.Phase == v1alpha1.PhaseQueued {
		x.accepted = true
	}
	if q := e.Status.Queue; q != nil && x.reported == 0 {
		x.reported = int(q.Position)
	}
	if e.Spec.Cancel == nil || x.cancelled {
		return nil
	}
	x.cancelled = true
	if x.state == waiting {
		x.queue.take(x)
		x.state = leaving
	}
	return l.grant(x.queue)
}

// Forget records that an execution is gone. Containers of an active one may still run, so it keeps its place until
// Release, if places are limited.
func (l *Ledger) Forget(e *v1alpha1.TaskExecution) []types.NamespacedName {
	l.mu.Lock()
	defer l.mu.Unlock()
	x := l.entries[e.UID]
	if x == nil {
		return nil
	}
	if x.state == active && l.mayBeLimited(x.queue) {
		l.keep(x)
		return nil
	}
	return l.remove(x)
}

// Keep makes an active execution that is about to end keep its place until Release, because a container of it may still
// run.
func (l *Ledger) Keep(uid types.UID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if x := l.entries[uid]; x != nil && x.state == active && l.mayBeLimited(x.queue) {
		l.keep(x)
	}
}

// Kept returns the executions of a name whose places are kept, by Keep, Forget or Seed.
func (l *Ledger) Kept(key types.NamespacedName) (uids []types.UID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for uid, x := range l.kept {
		if x.key == key {
			uids = append(uids, uid)
		}
	}
	return uids
}

// Release frees a kept place. It returns the executions to reconcile.
func (l *Ledger) Release(uid types.UID) []types.NamespacedName {
	l.mu.Lock()
	defer l.mu.Unlock()
	x := l.kept[uid]
	if x == nil {
		return nil
	}
	return l.remove(x)
}

func (l *Ledger) keep(x *entry) {
	l.unreserve(x)
	x.kept = true
	l.kept[x.uid] = x
}

func (l *Ledger) add(key types.NamespacedName, uid types.UID, task string) *entry {
	at := taskKey{key.Namespace, task}
	if l.queues[at] == nil {
		l.queues[at] = &taskQueue{key: at, active: map[types.UID]*entry{}}
	}
	x := &entry{key: key, uid: uid, queue: l.queues[at]}
	x.queue.members++
	l.entries[uid] = x
	return x
}

func (l *Ledger) activate(x *entry) {
	if x.state == active {
		return
	}
	x.queue.take(x)
	x.state = active
	x.queue.active[x.uid] = x
	l.active++
	l.activeIn[x.key.Namespace]++
}

func (l *Ledger) remove(x *entry) []types.NamespacedName {
	l.unreserve(x)
	x.queue.take(x)
	if x.state == active {
		l.active--
		if l.activeIn[x.key.Namespace]--; l.activeIn[x.key.Namespace] == 0 {
			delete(l.activeIn, x.key.Namespace)
		}
	}
	delete(l.entries, x.uid)
	delete(l.kept, x.uid)
	woken := l.grant(x.queue)
	if x.queue.members--; x.queue.members == 0 {
		l.drop(x.queue)
	}
	return woken
}

// drop removes an empty queue, and its namespace with the last queue.
func (l *Ledger) drop(q *taskQueue) {
	delete(l.queues, q.key)
	for key := range l.queues {
		if key.namespace == q.key.namespace {
			return
		}
	}
	delete(l.lastGrant, q.key.namespace)
}
