package taskexecution

import (
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// ownWrites are the writes of executions that the cache does not show yet. What is decided before it does is decided on
// what was before, and its write is refused as a conflict at best. So nothing is: a look that comes meanwhile is owed, and
// taken when the event comes that brings the write. That event alone is no reason to look: what a look would find was
// decided already, unless the run has ended, whose log and Job are seen to next (see checkEcho in the lifecycle's tests).
// Unlike controller-runtime's own way to read what one wrote, no worker waits meanwhile.
type ownWrites struct {
	mu   sync.Mutex
	open map[types.NamespacedName]*ownWrite
}

// ownWrite is from when it is begun until it is seen.
type ownWrite struct {
	// before is the resourceVersion that is written over; written is that of the write, empty until the API server answers;
	// seen is the newest that the cache is known to have.
	before, written, seen string
	// owed: the execution is to be looked at when the write is seen.
	owed bool
}

// begin a write of an object as the cache has it. done ends it, with the object as the API server answered it, or nil when
// it was not written, and tells whether the execution is to be looked at now.
func (w *ownWrites) begin(object client.Object) (done func(answer *v1alpha1.TaskExecution) (look bool)) {
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

// seen takes notice of what the cache shows, and tells whether the execution is to be looked at for it.
func (w *ownWrites) seen(object client.Object) (look bool) {
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

// forget an execution that is gone.
func (w *ownWrites) forget(key types.NamespacedName) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.open, key)
}

// unseen reports whether the cache does not show yet what was written last. Then the look that asks is owed.
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

// isSeen also holds where the two cannot be compared: a write that nobody can tell was seen must not be waited for.
func (o *ownWrite) isSeen() bool {
	order, err := resourceversion.CompareResourceVersion(o.seen, o.written)
	return err != nil || order >= 0
}

// wants a look, now that it is seen: one is owed, or more than the write is seen.
func (o *ownWrite) wants() bool { return o.owed || o.seen != o.written }
