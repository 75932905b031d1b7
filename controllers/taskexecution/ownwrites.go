package taskexecution

import (
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// ownWrites are the writes of executions that the cache does not show yet. What is decided before it does is decided on
// what was before, and its write is refused as a conflict at best. So nothing is: the event that brings the write has
// the execution looked at. Unlike controller-runtime's own way to read what one wrote, no worker waits meanwhile.
type ownWrites struct {
	mu   sync.Mutex
	open map[types.NamespacedName]*ownWrite
}

// ownWrite is from when it is begun until it is seen.
type ownWrite struct {
	// written is its resourceVersion, empty until the API server answers; seen is the newest that the cache is known to
	// have.
	written, seen string
}

// begin a write of an object as the cache has it. done ends it, with the object as the API server answered it, or nil when
// it was not written.
func (w *ownWrites) begin(object client.Object) (done func(answer client.Object)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open == nil {
		w.open = map[types.NamespacedName]*ownWrite{}
	}
	key, write := client.ObjectKeyFromObject(object), &ownWrite{seen: object.GetResourceVersion()}
	w.open[key] = write
	return func(answer client.Object) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.open[key] != write {
			return // the execution is gone
		}
		if answer != nil {
			write.written = answer.GetResourceVersion()
		}
		if answer == nil || write.isSeen() { // what changes nothing keeps its version, and brings no event
			delete(w.open, key)
		}
	}
}

// seen takes notice of what the cache shows.
func (w *ownWrites) seen(object client.Object) {
	key := client.ObjectKeyFromObject(object)
	w.mu.Lock()
	defer w.mu.Unlock()
	write := w.open[key]
	if write == nil {
		return
	}
	write.seen = object.GetResourceVersion()
	if write.written != "" && write.isSeen() {
		delete(w.open, key)
	}
}

// forget an execution that is gone.
func (w *ownWrites) forget(key types.NamespacedName) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.open, key)
}

// unseen tells whether the cache does not show yet what was written last.
func (w *ownWrites) unseen(key types.NamespacedName) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.open[key] != nil
}

// isSeen also holds where the two cannot be compared: a write that nobody can tell was seen must not be waited for.
func (o *ownWrite) isSeen() bool {
	order, err := resourceversion.CompareResourceVersion(o.seen, o.written)
	return err != nil || order >= 0
}
