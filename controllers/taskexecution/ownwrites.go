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

// ownWrites are our writes of executions that the cache does not show yet. A decision before the cache shows them would be made
// on an old state, and its write refused as a conflict at best. So Reconcile returns, and the execution is reconciled when the
// event of the write comes. Otherwise that event is no reason to reconcile: nothing is new, unless the run has ended, whose log
// and Job come next (see checkEcho in lifecycle's tests). Unlike controller-runtime's own way to read one's writes, no worker
// waits meanwhile.
type ownWrites struct {
	mu   sync.Mutex
	open map[types.NamespacedName]*ownWrite
}

// ownWrite is one write, from its request until the cache shows it.
type ownWrite struct {
	// before is the resourceVersion that is overwritten; written is the one of the write, empty until the API server answers; seen
	// is the newest one that the cache is known to have.
	before, written, seen string
	// owed: the execution is to be reconciled when the write is seen.
	owed bool
}

// begin records that an object is about to be written. done ends that, with the object as the API server answered it, or nil if
// it was not written. It reports whether the execution is to be reconciled now.
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
		return write.wants() && write.seen != write.before // what changes nothing keeps its version, and brings no event
	}
}

// seen records what the cache shows, and reports whether the execution is to be reconciled for it.
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

// isSeen reports whether the cache shows the write. It is true as well if the versions cannot be compared: nobody could tell when
// the wait is over.
func (o *ownWrite) isSeen() bool {
	order, err := resourceversion.CompareResourceVersion(o.seen, o.written)
	return err != nil || order >= 0
}

// wants reports whether the execution is to be reconciled, now that its write is seen: a reconcile is owed, or the cache shows
// more than the write.
func (o *ownWrite) wants() bool { return o.owed || o.seen != o.written }
