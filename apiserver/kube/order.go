// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"slices"
	"strings"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/runindex"
)

// NewestFirst orders by creation time, which has whole seconds. Executions of the same second are ordered by start,
// where a run that has not started is newer, and then by name.
func NewestFirst(a, b *v1alpha1.TaskExecution) int {
	if c := b.CreationTimestamp.Compare(a.CreationTimestamp.Time); c != 0 {
		return c
	}
	switch x, y := a.Status.StartTime, b.Status.StartTime; {
	case x == nil && y != nil:
		return -1
	case x != nil && y == nil:
		return 1
	case x != nil && !x.Time.Equal(y.Time):
		return y.Compare(x.Time)
	}
	return strings.Compare(a.Name, b.Name)
}

// AllOf returns all executions of a task, or of all tasks if the name is empty, newest first.
func AllOf(all runindex.Namespace, taskName string) (executions []*v1alpha1.TaskExecution) {
	all.Each(taskName, func(e *v1alpha1.TaskExecution) { executions = append(executions, e) })
	slices.SortFunc(executions, NewestFirst)
	return executions
}
