// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/controllers/backlog"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

// ReserveBacklog counts a waiting execution in the backlog of its namespace. It returns why it cannot; then the
// execution must not wait. An execution that waited before, as its status says, stays counted whatever the limits are
// now.
func (l *Ledger) ReserveBacklog(uid types.UID) *backlog.Full {
	l.mu.Lock()
	defer l.mu.Unlock()
	x := l.entries[uid]
	if x == nil || x.reserved || x.kept || x.cancelled {
		return nil
	}
	if full := l.limits.Waiting.Judge(x.key.Namespace, l.heldIn[x.key.Namespace], x.bytes); full != nil {
		return full
	}
	l.reserve(x)
	return nil
}

// BacklogFull returns why a new run of a Task could not wait now. It returns nil if it could, or if no other run of its
// Task waits.
func (l *Ledger) BacklogFull(task types.NamespacedName, size int64) *backlog.Full {
	l.mu.Lock()
	defer l.mu.Unlock()
	q := l.queues[taskKey{task.Namespace, jobspec.LabelValue(task.Name)}]
	if q == nil || len(q.waiting) == 0 {
		return nil
	}
	return l.limits.Waiting.Judge(task.Namespace, l.heldIn[task.Namespace], size)
}

// Held returns what waits in all namespaces, and the most runs and the most bytes that wait in one.
func (l *Ledger) Held() (all, most backlog.Held) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, held := range l.heldIn {
		all.Runs, all.Bytes = all.Runs+held.Runs, all.Bytes+held.Bytes
		most.Runs, most.Bytes = max(most.Runs, held.Runs), max(most.Bytes, held.Bytes)
	}
	return all, most
}

// reserve counts an execution as waiting in its namespace.
func (l *Ledger) reserve(x *entry) {
	if x.reserved {
		return
	}
	x.reserved = true
	l.count(x, 1)
}

// unreserve no longer counts an execution as waiting.
func (l *Ledger) unreserve(x *entry) {
	if !x.reserved {
		return
	}
	x.reserved = false
	l.count(x, -1)
}

func (l *Ledger) count(x *entry, sign int) {
	held := l.heldIn[x.key.Namespace]
	held.Runs, held.Bytes = held.Runs+sign, held.Bytes+int64(sign)*x.bytes
	if l.heldIn[x.key.Namespace] = held; held.Runs == 0 {
		delete(l.heldIn, x.key.Namespace)
	}
}
