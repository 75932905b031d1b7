// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/controllers/backlog"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

// Wait reserves room in its namespace for a waiting execution. It returns why there is none; then the execution must
// not wait. An execution that waited before, as its status says, keeps its room whatever the limits are now.
func (l *Ledger) Wait(uid types.UID) *backlog.Full {
	l.mu.Lock()
	defer l.mu.Unlock()
	x := l.entries[uid]
	if x == nil || x.held || x.kept || x.cancelled {
		return nil
	}
	if full := l.limits.Waiting.Judge(x.key.Namespace, l.heldIn[x.key.Namespace], x.bytes); full != nil {
		return full
	}
	l.hold(x)
	return nil
}

// Room returns why a new run of a Task could not wait now. It returns nil if it could, or if no other run of its Task
// waits.
func (l *Ledger) Room(task types.NamespacedName, size int64) *backlog.Full {
	l.mu.Lock()
	defer l.mu.Unlock()
	ln := l.lines[lineKey{task.Namespace, jobspec.LabelValue(task.Name)}]
	if ln == nil || len(ln.waiting) == 0 {
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

// hold counts an execution as waiting in its namespace.
func (l *Ledger) hold(x *entry) {
	if x.held {
		return
	}
	x.held = true
	l.count(x, 1)
}

// letGo no longer counts an execution as waiting.
func (l *Ledger) letGo(x *entry) {
	if !x.held {
		return
	}
	x.held = false
	l.count(x, -1)
}

func (l *Ledger) count(x *entry, sign int) {
	held := l.heldIn[x.key.Namespace]
	held.Runs, held.Bytes = held.Runs+sign, held.Bytes+int64(sign)*x.bytes
	if l.heldIn[x.key.Namespace] = held; held.Runs == 0 {
		delete(l.heldIn, x.key.Namespace)
	}
}
