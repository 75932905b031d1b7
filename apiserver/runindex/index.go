// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runindex

import (
	"strconv"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/third_party/forked/golang/btree"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

const (
	// degree is the degree of the trees, the same as in kube-apiserver's watch cache.
	degree = 32
	// maxTombstones bounds how many deletions of a namespace are remembered. Each takes about 200 bytes.
	maxTombstones = 1000
)

// Index indexes the executions of all namespaces. It is safe for concurrent use.
type Index struct {
	mu      sync.RWMutex
	shelves map[string]*shelf
	watches watches
}

// NewIndex returns an empty Index.
func NewIndex() *Index {
	return &Index{shelves: map[string]*shelf{}, watches: watches{of: map[topic]map[*Watch]struct{}{}}}
}

// entry is one execution, or what is remembered of a deleted one.
type entry struct {
	Position
	task string
	uid  types.UID
	// version is the resourceVersion. Kubernetes guarantees that the versions of one resource can be compared
	// (KEP-5504).
	version uint64
	// execution is the object of the cache, nil if it was deleted.
	execution *v1alpha1.TaskExecution
	// open is the entry's share of the counts.
	open Open
}

// shelf is the index of one namespace, guarded by the lock of Index.
type shelf struct {
	byName map[string]*entry
	// all and byTask are ordered by Position.
	all    *btree.BTree[*entry]
	byTask map[string]*btree.BTree[*entry]
	// open counts the executions that have not ended, and openOf those of each task.
	open   Open
	openOf map[string]Open
	// changes has every entry, ordered by version. tombstones are the deleted ones among them, oldest first.
	changes    *btree.BTree[*entry]
	tombstones []*entry
	// observed is the highest version seen.
	observed uint64
	// begun is true after the first change was seen. Earlier deletions are unknown.
	begun bool
	// floor: deletions up to this version are unknown or forgotten.
	floor uint64
	// lost is the version of the newest deletion that was forgotten.
	lost uint64
	// epoch counts how often a version was seen out of order. Marks of an earlier epoch are void.
	epoch uint64
}

func byPosition(a, b *entry) bool { return a.compare(b.Position) < 0 }

func byVersion(a, b *entry) bool {
	if a.version != b.version {
		return a.version < b.version
	}
	return a.Name < b.Name
}

func newShelf() *shelf {
	return &shelf{
		byName: map[string]*entry{}, byTask: map[string]*btree.BTree[*entry]{}, openOf: map[string]Open{},
		all: btree.New(degree, byPosition), changes: btree.New(degree, byVersion),
	}
}

// versionOf parses a resourceVersion. It returns 0 if that is not a number.
func versionOf(resourceVersion string) uint64 {
	version, err := strconv.ParseUint(resourceVersion, 10, 64)
	if err != nil {
		return 0
	}
	return version
}

// Put adds or replaces an execution. The caller must not change the object afterwards. initial says that it comes from
// the informer's initial list, which has no order.
func (x *Index) Put(e *v1alpha1.TaskExecution, initial bool) {
	x.mu.Lock()
	s := x.shelves[e.Namespace]
	if s == nil {
		s = newShelf()
		x.shelves[e.Namespace] = s
	}
	changed := s.put(e, initial)
	x.mu.Unlock()
	if changed {
		x.watches.signal(e.Namespace, e.Spec.TaskRef.Name, e.Name)
	}
}

func (s *shelf) put(e *v1alpha1.TaskExecution, initial bool) (changed bool) {
	version, old := versionOf(e.ResourceVersion), s.byName[e.Name]
	if old != nil && old.uid == e.UID && old.version == version {
		old.execution = e // a resync of the informer
		return false
	}
	if !initial {
		s.begin(version)
		if version < s.observed || old != nil && old.uid != e.UID {
			s.disordered() // the watch was interrupted, and this comes from the list after it
		}
	}
	s.observed = max(s.observed, version)
	if old != nil && (old.uid != e.UID || old.task != e.Spec.TaskRef.Name) {
		s.take(old)
		old = nil
	}
	if old == nil {
		old = &entry{Position: Position{e.CreationTimestamp.Unix(), e.Name}, task: e.Spec.TaskRef.Name, uid: e.UID}
		s.byName[e.Name] = old
		s.all.ReplaceOrInsert(old)
		if s.byTask[old.task] == nil {
			s.byTask[old.task] = btree.New(degree, byPosition)
		}
		s.byTask[old.task].ReplaceOrInsert(old)
	} else {
		s.changes.Delete(old)
	}
	old.version, old.execution = version, e
	s.count(old, openOf(e))
	s.changes.ReplaceOrInsert(old)
	return true
}

// Remove records that an execution was deleted. Its resourceVersion is that of the deletion. If the informer missed the
// deletion, seen is false and the version is unknown.
func (x *Index) Remove(e *v1alpha1.TaskExecution, seen bool) {
	x.mu.Lock()
	s := x.shelves[e.Namespace]
	removed := s != nil && s.remove(e, seen)
	x.mu.Unlock()
	if removed {
		x.watches.signal(e.Namespace, e.Spec.TaskRef.Name, e.Name)
	}
}

func (s *shelf) remove(e *v1alpha1.TaskExecution, seen bool) bool {
	old := s.byName[e.Name]
	if old == nil || old.uid != e.UID {
		return false
	}
	s.take(old)
	version := versionOf(e.ResourceVersion)
	s.begin(version)
	if !seen || version < s.observed {
		s.disordered()
		return true
	}
	s.observed = version
	tombstone := &entry{Position: old.Position, task: old.task, uid: old.uid, version: version}
	s.changes.ReplaceOrInsert(tombstone)
	s.tombstones = append(s.tombstones, tombstone)
	if len(s.tombstones) > maxTombstones {
		s.lost = s.tombstones[0].version
		s.floor = max(s.floor, s.lost)
		s.changes.Delete(s.tombstones[0])
		s.tombstones[0] = nil
		s.tombstones = s.tombstones[1:]
	}
	return true
}

// take removes an entry from the shelf.
func (s *shelf) take(old *entry) {
	s.count(old, Open{})
	delete(s.byName, old.Name)
	s.all.Delete(old)
	s.changes.Delete(old)
	if of := s.byTask[old.task]; of != nil {
		of.Delete(old)
		if of.Len() == 0 {
			delete(s.byTask, old.task)
		}
	}
}

// begin records the version of the first change.
func (s *shelf) begin(version uint64) {
	if !s.begun && version > 0 {
		s.begun, s.floor = true, max(s.observed, version-1)
	}
}

// disordered voids all marks: watchers have to read everything again.
func (s *shelf) disordered() {
	s.epoch++
	s.floor = s.observed
}

// Older reports whether state a of an execution is older than state b.
func Older(a, b *v1alpha1.TaskExecution) bool {
	return versionOf(a.ResourceVersion) < versionOf(b.ResourceVersion)
}

// Version returns the version of a state, 0 if it has none.
func Version(e *v1alpha1.TaskExecution) uint64 { return versionOf(e.ResourceVersion) }
