// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/backlog"
	"github.com/taskexec/taskexec/controllers/census"
)

// Limits are the limits over all Tasks. 0 means none.
type Limits struct {
	// Total bounds the active executions of the controller.
	Total int
	// PerNamespace bounds the active executions of each namespace.
	PerNamespace int
	// Waiting bounds what waits in each namespace.
	Waiting backlog.Limits
}

func (l Limits) any() bool { return l.Total > 0 || l.PerNamespace > 0 }

// Rules are the concurrency rules of one generation of a Task.
type Rules struct {
	TaskUID    types.UID
	Generation int64
	census.Rules
}

// RulesOf reads a Task.
func RulesOf(task *v1alpha1.Task) Rules {
	return Rules{TaskUID: task.UID, Generation: task.Generation, Rules: census.RulesOf(task)}
}

// newerThan reports whether these rules replace the known ones. A worker may ask with an older copy of the Task than
// another worker did.
func (r Rules) newerThan(known Rules) bool {
	return r.TaskUID != known.TaskUID || r.Generation >= known.Generation
}
