package history

import (
	"strconv"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/third_party/forked/golang/btree"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

const (
	// degree of the trees, as that of kube-apiserver's own watch cache.
	degree = 32
	// maxGraves is how many deletions of a namespace are remembered, each in about 200 bytes.
	maxGraves = 1000
)

// Index has the executions of all namespaces. Its methods may be called by many at once.
type Index struct {
	mu      sync.RWMutex
	shelves map[string]*shelf
	watches watches
}

// NewIndex is empty.
func NewIndex() *Index {
	return &Index{shelves: map[string]*shelf{}, watches: watches{of: map[topic]map[*Watch]struct{}{}}}
}

// entry is one execution, or what is remembered of one that was deleted.
type entry struct {
	Position
	task string
	uid  types.UID
	// version is the resourceVersion, which Kubernetes promises to be comparable (KEP-5504).
	version uint64
	// execution is the cache's own object, nil once it was deleted.
	execution *v1alpha1.TaskExecution
	// open is as what the entry is counted.
	open Open
}

// shelf is a namespace. The index's lock guards it.
type shelf struct {
	byName map[string]*entry
	// all and byTask are in the order of Position.
	all    *btree.BTree[*entry]
	byTask map[string]*btree.BTree[*entry]
	// open counts the executions that have not ended, and openOf those of each task.
	open   Open
	openOf map[string]Open
	// changes has each execution at its newest version, and graves those that were deleted, oldest first.
	changes *btree.BTree[*entry]
	graves  []*entry
	// observed is the highest version that was seen.
	observed uint64
	// begun: something was seen to happen. What was deleted before that is not known.
	begun bool
	// floor: of the versions up to this one it is not known what was deleted.
	floor uint64
	// lost is the version of the last deletion that was forgotten.
	lost uint64
	// epoch counts how often versions were seen out of their order, so that positions lost their meaning.
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

// versionOf reads a resourceVersion, 0 when it is no number.
func versionOf(resourceVersion string) uint64 {
	version, err := strconv.ParseUint(resourceVersion, 10, 64)
	if err != nil {
		return 0
	}
	return version
}

// Put takes a new state of an execution, which must not be changed any more. Those of the initial list come in any
// order.
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
		old.execution = e // the informer told again what it has
		return false
	}
	if !initial {
		s.begin(version)
		if version < s.observed || old != nil && old.uid != e.UID {
			s.disordered() // the watch was interrupted, and this is from the list that mends it
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

// Remove takes that an execution was deleted. The version is that of its deletion; of one whose deletion was not
// seen itself it is unknown, and seen is false.
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
	grave := &entry{Position: old.Position, task: old.task, uid: old.uid, version: version}
	s.changes.ReplaceOrInsert(grave)
	s.graves = append(s.graves, grave)
	if len(s.graves) > maxGraves {
		s.lost = s.graves[0].version
		s.floor = max(s.floor, s.lost)
		s.changes.Delete(s.graves[0])
		s.graves[0] = nil
		s.graves = s.graves[1:]
	}
	return true
}

// take an entry off the shelf.
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

// begin at the first version that was seen to come.
func (s *shelf) begin(version uint64) {
	if !s.begun && version > 0 {
		s.begun, s.floor = true, max(s.observed, version-1)
	}
}

// disordered: who watches has to look at everything anew.
func (s *shelf) disordered() {
	s.epoch++
	s.floor = s.observed
}

// Older tells whether the one state of an execution comes before the other.
func Older(a, b *v1alpha1.TaskExecution) bool {
	return versionOf(a.ResourceVersion) < versionOf(b.ResourceVersion)
}

// Version of a state, 0 when it has none.
func Version(e *v1alpha1.TaskExecution) uint64 { return versionOf(e.ResourceVersion) }
