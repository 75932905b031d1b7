// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	"net/http"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// ExecutionReader reads one execution.
type ExecutionReader interface {
	// Execution returns an execution, or nil if there is none of that name. Its tail (status.logs) may be left out: see TailReader.
	Execution(ctx context.Context, id string) (*v1alpha1.TaskExecution, error)
}

// TailReader reads the tails of logs, which most reads do not need.
type TailReader interface {
	ExecutionReader
	// Whole returns an execution with its tail, in the given state or a newer one, or nil if it no longer exists.
	Whole(ctx context.Context, execution *v1alpha1.TaskExecution) (*v1alpha1.TaskExecution, error)
}

// ExecutionNamed returns an execution. The error is the answer 404 if there is none.
func ExecutionNamed(ctx context.Context, store ExecutionReader, id string) (*v1alpha1.TaskExecution, error) {
	execution, err := store.Execution(ctx, id)
	if err != nil {
		return nil, err
	}
	if execution == nil {
		return nil, NoExecution(id)
	}
	return execution, nil
}

// TaskReader reads one Task.
type TaskReader interface {
	// Task returns a Task, or nil if there is none of that name.
	Task(ctx context.Context, name string) (*v1alpha1.Task, error)
}

// TaskNamed returns a Task. The error is the answer 404 if there is none.
func TaskNamed(ctx context.Context, store TaskReader, name string) (*v1alpha1.Task, error) {
	task, err := store.Task(ctx, name)
	if err != nil {
		return nil, err
	}
	if task == nil {
		return nil, NoTask(name)
	}
	return task, nil
}

// NoExecution returns the answer 404 for an execution.
func NoExecution(id string) error {
	return Problemf(http.StatusNotFound, "there is no execution %q", id)
}

// NoTask returns the answer 404 for a task.
func NoTask(name string) error {
	return Problemf(http.StatusNotFound, "there is no task %q; GET /tasks lists all tasks", name)
}

// NoSchedule returns the answer for a schedule that does not exist or could not be read.
func NoSchedule(name string, err error) error {
	if err != nil {
		return err
	}
	return Problemf(http.StatusNotFound, "there is no schedule %q; GET /triggers/cron lists all schedules", name)
}
