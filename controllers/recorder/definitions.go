// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package recorder

import (
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/lru"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/records"
)

// rememberedDefinitions bounds how many definitions of Tasks are kept in memory. Each takes a few KiB, at most 256 KiB.
const rememberedDefinitions = 500

// definition is what identifies the spec of a Task.
type definition struct {
	uid        types.UID
	generation int64
}

// definitions remembers the definitions that runs started with: a Task may have changed by the time a run of it ends.
type definitions struct{ known *lru.Cache }

func newDefinitions() *definitions { return &definitions{lru.New(rememberedDefinitions)} }

// see remembers the present definition of a Task.
func (d *definitions) see(task *v1alpha1.Task) {
	at := definition{task.UID, task.Generation}
	if _, found := d.known.Get(at); found {
		return
	}
	if snapshot, err := records.SnapshotOf(task); err == nil {
		d.known.Add(at, snapshot)
	}
}

// of returns the definition that a run started with. Its spec is absent if it is not known any more, which happens when the Task
// changed while the run was active and the controller was restarted.
func (d *definitions) of(e *v1alpha1.TaskExecution) *records.TaskSnapshot {
	ran := e.Status.Task
	if ran == nil {
		return nil
	}
	if known, found := d.known.Get(definition{ran.UID, ran.Generation}); found {
		if snapshot, ok := known.(*records.TaskSnapshot); ok {
			return snapshot
		}
	}
	return &records.TaskSnapshot{Name: e.Spec.TaskRef.Name, UID: ran.UID, Generation: ran.Generation}
}
