// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runindex

import (
	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// Mark says how far a watcher has read.
type Mark struct {
	// Version is the version to Resume from.
	Version uint64
	epoch   uint64
}

// Change is the newest state of an execution, or its deletion.
type Change struct {
	Name, Task string
	UID        types.UID
	Version    uint64
	// Execution is nil if it was deleted.
	Execution *v1alpha1.TaskExecution
}

// Now returns the mark of a watcher that has read everything.
func (n Namespace) Now() (m Mark) {
	n.read(func(s *shelf) { m = Mark{s.observed, s.epoch} })
	return m
}

// Resume returns the mark of a watcher that has read up to a version, from this process or another replica. ok is false if
// the watcher may have missed deletions: those before this process began are unknown, and old ones are forgotten.
func (n Namespace) Resume(version uint64) (m Mark, ok bool) {
	n.read(func(s *shelf) { m, ok = Mark{version, s.epoch}, s.begun && s.floor < version && version <= s.observed })
	return m, ok
}

// Changes returns at most limit changes after a mark, ordered by version, and the next mark. They are those of one
// task, or of all if task is empty. Each execution appears once, in its newest state. If ok is false, changes may have
// been missed: the watcher has to read everything again and continue from Now.
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
