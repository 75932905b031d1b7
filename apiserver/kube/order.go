package kube

import (
	"slices"
	"strings"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/history"
)

// NewestFirst by creation, which has whole seconds, and within one by start, where what has not started is the
// newer, and by name, so that the order is one.
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

// AllOf a task's executions, or of all tasks' when the name is empty, newest first.
func AllOf(all history.Namespace, taskName string) (executions []*v1alpha1.TaskExecution) {
	all.Each(taskName, func(e *v1alpha1.TaskExecution) { executions = append(executions, e) })
	slices.SortFunc(executions, NewestFirst)
	return executions
}
