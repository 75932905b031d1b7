package history

import (
	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// Mark is how far a watcher has read.
type Mark struct {
	// Version that can be resumed from.
	Version uint64
	epoch   uint64
}

// Change is an execution's newest state, or that it was deleted.
type Change struct {
	Name, Task string
	UID        types.UID
	Version    uint64
	// Execution is nil when it was deleted.
	Execution *v1alpha1.TaskExecution
}

// Now is the mark of one who has read everything.
func (n Namespace) Now() (m Mark) {
	n.read(func(s *shelf) { m = Mark{s.observed, s.epoch} })
	return m
}

// Resume gives the mark of one who has read up to a version, of this process or of another replica. It is not known
// what was deleted before this process began, nor before the deletions that it still remembers: then ok is false.
func (n Namespace) Resume(version uint64) (m Mark, ok bool) {
	n.read(func(s *shelf) { m, ok = Mark{version, s.epoch}, s.begun && s.floor < version && version <= s.observed })
	return m, ok
}

// Changes gives at most limit changes behind a mark in the order of their versions, of one task or of all when it is
// empty, and the mark behind them, which is the given one when there are none. Each execution comes once, as it is
// now. With ok false something may have been missed, and everything has to be looked at anew from Now on.
func (n Namespace) Changes(after Mark, task string, limit int) (changes []Change, next Mark, ok bool) {
	next, ok = after, true
	n.read(func(s *shelf) {
		if ok = after.epoch == s.epoch && after.Version >= s.lost; !ok {
			return
		}
		behind := &entry{version: after.Version, Position: Position{Name: "\xff"}}
		s.changes.AscendGreaterOrEqual(behind, func(e *entry) bool {
			if len(changes) == limit {
				return false
			}
			if next.Version = e.version; task == "" || task == e.task {
				changes = append(changes, Change{e.Name, e.task, e.uid, e.version, e.execution})
			}
			return true
		})
	})
	return changes, next, ok
}
