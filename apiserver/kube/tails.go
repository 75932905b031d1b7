// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"container/list"
	"context"
	"fmt"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/cache"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/runindex"
)

const (
	// maxTailBytes bounds the tails that are kept, in bytes of memory. The 200 runs that a Task keeps by default have 4 MiB.
	maxTailBytes = 16 << 20
	// tailReads bounds how many tails are read from the API server at once. More reads wait.
	tailReads = 32
	// keptWeight is the size in memory of a run without its tail.
	keptWeight = 4 << 10
	// entryWeight is the size of a log entry without its message and data.
	entryWeight = 80
)

// TailWeight estimates the size of a tail, in bytes of JSON. It is much cheaper than encoding it.
func TailWeight(logs []v1alpha1.LogEntry) (weight int64) {
	for i := range logs {
		weight += entryWeight + int64(len(logs[i].Message))
		if data := logs[i].Data; data != nil {
			weight += int64(len(data.Raw))
		}
	}
	return weight
}

// LeaveOutTail removes the tail from a run and notes its size in TailBytes.
func LeaveOutTail(e *v1alpha1.TaskExecution) {
	if len(e.Status.Logs) > 0 {
		e.TailBytes, e.Status.Logs = TailWeight(e.Status.Logs), nil
	}
}

// tails keeps the tails of the runs that were read last. The watch cache leaves out all tails. While a run is among those that were
// read last, each new state of it is kept as the watch brings it. So whoever polls or watches a run costs the API server one read.
type tails struct {
	mu sync.Mutex
	// of has the elements of read by the UID of their run.
	of map[types.UID]*list.Element
	// read has whole runs, the one that was read last first.
	read   list.List
	bytes  int64
	shared *shared
	// places has a value for each read from the API server.
	places chan struct{}
}

func newTails() *tails {
	return &tails{of: map[types.UID]*list.Element{}, shared: newShared(), places: make(chan struct{}, tailReads)}
}

// wholeIn returns the run of an element.
func wholeIn(element *list.Element) *v1alpha1.TaskExecution {
	whole, _ := element.Value.(*v1alpha1.TaskExecution)
	return whole
}

func weightInMemory(whole *v1alpha1.TaskExecution) int64 {
	return keptWeight + TailWeight(whole.Status.Logs)
}

var stripManagedFields = cache.TransformStripManagedFields()

// transform prepares objects for the watch cache. It leaves the tail out of a run, after it has kept it if the run was read.
func (t *tails) transform(object any) (any, error) {
	stripped, err := stripManagedFields(object)
	if e, ok := stripped.(*v1alpha1.TaskExecution); ok {
		t.shared.in(e)
		if len(e.Status.Logs) > 0 {
			t.replace(e)
		}
		LeaveOutTail(e)
	}
	return stripped, err
}

// replace keeps a newer state of a run that was read. A state is not a read, so the run keeps its place among them.
func (t *tails) replace(e *v1alpha1.TaskExecution) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if element := t.of[e.UID]; element != nil && !runindex.Older(e, wholeIn(element)) {
		whole := *e // the fields are shared with the cached run
		t.set(element, &whole)
	}
}

// set changes the state that is kept of a run.
func (t *tails) set(element *list.Element, whole *v1alpha1.TaskExecution) {
	t.bytes += weightInMemory(whole) - weightInMemory(wholeIn(element))
	element.Value = whole
	t.shrink()
}

// keep keeps a whole run that is read. The caller must not change it afterwards.
func (t *tails) keep(whole *v1alpha1.TaskExecution) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if element := t.of[whole.UID]; element != nil {
		if t.read.MoveToFront(element); runindex.Older(wholeIn(element), whole) {
			t.set(element, whole)
		}
		return
	}
	t.of[whole.UID] = t.read.PushFront(whole)
	t.bytes += weightInMemory(whole)
	t.shrink()
}

// get returns a state of a run with its tail that is not older than the given one, or nil. It counts as a read.
func (t *tails) get(e *v1alpha1.TaskExecution) *v1alpha1.TaskExecution {
	t.mu.Lock()
	defer t.mu.Unlock()
	element := t.of[e.UID]
	if element == nil {
		return nil
	}
	t.read.MoveToFront(element)
	if whole := wholeIn(element); !runindex.Older(whole, e) {
		return whole
	}
	return nil
}

// forget drops the tail of a run that was deleted.
func (t *tails) forget(uid types.UID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if element := t.of[uid]; element != nil {
		t.drop(element)
	}
}

func (t *tails) drop(element *list.Element) {
	whole := wholeIn(element)
	t.read.Remove(element)
	delete(t.of, whole.UID)
	t.bytes -= weightInMemory(whole)
}

// shrink drops those that were read longest ago until the rest is small enough.
func (t *tails) shrink() {
	for t.bytes > maxTailBytes && t.read.Len() > 0 {
		t.drop(t.read.Back())
	}
}

// Whole returns a run with the tail of its log, in the given state or a newer one. It reads the run from the API server if nobody has
// read it lately. Later reads from the cache are not older than the answer. It returns nil if the run no longer exists; then the cache
// no longer has it either.
func (s *Store) Whole(ctx context.Context, e *v1alpha1.TaskExecution) (*v1alpha1.TaskExecution, error) {
	if e.TailBytes == 0 || len(e.Status.Logs) > 0 {
		return e, nil
	}
	whole := s.tails.get(e)
	if whole == nil {
		var err error
		if whole, err = s.readTail(ctx, e); whole == nil || err != nil {
			return nil, err
		}
	}
	if runindex.Older(e, whole) {
		wait, cancel := context.WithTimeout(ctx, ownWriteWait)
		defer cancel()
		s.index.In(s.namespace).Await(wait, runindex.Version(whole))
	}
	return whole, nil
}

// readTail reads a run from the API server and keeps it. It returns nil if the run no longer exists, when the cache no longer has it.
func (s *Store) readTail(ctx context.Context, e *v1alpha1.TaskExecution) (*v1alpha1.TaskExecution, error) {
	select {
	case s.tails.places <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting to read the log tail of execution %s: %w", s.key(e.Name), ctx.Err())
	}
	whole := &v1alpha1.TaskExecution{}
	err := s.live.Get(ctx, s.key(e.Name), whole)
	<-s.tails.places
	switch {
	case apierrors.IsNotFound(err), err == nil && whole.UID != e.UID:
		s.awaitGone(ctx, e)
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("reading the log tail of execution %s: %w", s.key(e.Name), err)
	}
	whole.ManagedFields = nil
	s.tails.keep(whole)
	return whole, nil
}
