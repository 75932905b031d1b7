// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package taskexecution

import (
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// ownWrites are our writes of executions that the cache does not show yet. Before the cache shows them, a decision
// would be based on an old state, and its write would fail with a conflict at best. So Reconcile returns, and the event
// of the write causes the next reconcile. Otherwise that event causes no reconcile, because nothing is new, unless the
// run has ended: then its log and Job come next (see checkEcho in lifecycle's tests). Unlike with controller-runtime's
// own way to read one's writes, no worker waits meanwhile.
type ownWrites struct {
	mu   sync.Mutex
	open map[types.NamespacedName]*ownWrite
}

// ownWrite is one write, from its request until the cache shows it.
type ownWrite struct {
	// before is the resourceVersion that is overwritten. written is that of the write, or empty until the API server
	// answers. seen is the newest one in the cache.
	before, written, seen string
	// owed means that the execution must be reconciled when the write is seen.
	owed bool
}

// begin records that an object is about to be written. Call done with the written object, or with nil if the write
// failed. done reports whether to reconcile the execution now.
func (w *ownWrites) begin(object client.Object) (done func(answer *v1alpha1.TaskExecution) (reconcile bool)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open == nil {
		w.open = map[types.NamespacedName]*ownWrite{}
	}
	version := object.GetResourceVersion()
	key, write := client.ObjectKeyFromObject(object), &ownWrite{before: version, seen: version}
	w.open[key] = write
	return func(answer *v1alpha1.TaskExecution) bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.open[key] != write {
			return false // the execution is gone
		}
		if answer == nil {
			delete(w.open, key)
			return write.seen != write.before
		}
		write.written = answer.GetResourceVersion()
		write.owed = write.owed || answer.Status.Phase.IsTerminal()
		if !write.isSeen() {
			return false
		}
		delete(w.open, key)
		return write.wants() && write.seen != write.before // a write without a change keeps the version and causes no event
	}
}

// seen records what the cache shows, and reports whether to reconcile the execution for it.
func (w *ownWrites) seen(object client.Object) (reconcile bool) {
	key := client.ObjectKeyFromObject(object)
	w.mu.Lock()
	defer w.mu.Unlock()
	write := w.open[key]
	if write == nil {
		return true
	}
	write.seen = object.GetResourceVersion()
	if write.written == "" || !write.isSeen() {
		return false
	}
	delete(w.open, key)
	return write.wants()
}

// forget drops the write of an execution that is gone.
func (w *ownWrites) forget(key types.NamespacedName) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.open, key)
}

// unseen reports whether the cache does not show the last write yet. The execution is then reconciled once it does.
func (w *ownWrites) unseen(key types.NamespacedName) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	write := w.open[key]
	if write == nil {
		return false
	}
	write.owed = true
	return true
}

// isSeen reports whether the cache shows the write. It is also true if the versions cannot be compared, because the
// wait would never end.
func (o *ownWrite) isSeen() bool {
	order, err := resourceversion.CompareResourceVersion(o.seen, o.written)
	return err != nil || order >= 0
}

// wants reports whether to reconcile the execution now that its write is seen: a reconcile is owed, or the cache shows
// more than the write.
func (o *ownWrite) wants() bool { return o.owed || o.seen != o.written }
