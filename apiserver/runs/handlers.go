// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runs

import (
	"context"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/kube"
	"github.com/taskexec/taskexec/apiserver/runindex"
	"github.com/taskexec/taskexec/apiserver/web"
)

// Store reads, cancels and deletes the executions of one namespace.
type Store interface {
	web.ExecutionReader
	// Executions returns the executions of a task, or of all tasks if the name is empty, newest first.
	Executions(ctx context.Context, taskName string) ([]*v1alpha1.TaskExecution, error)
	// History returns the executions in their order, as soon as it shows this process's own writes.
	History(ctx context.Context) (runindex.Namespace, error)
	// DeleteExecution removes an execution that has ended, in exactly the state in which it was found to have ended. It
	// returns the execution that it judged, or nil if there is none.
	DeleteExecution(ctx context.Context, id string) (found *v1alpha1.TaskExecution, deleted bool, err error)
	// Cancel asks for an execution to be stopped, unless it has ended.
	Cancel(ctx context.Context, id string, request v1alpha1.CancelRequest) (kube.CancelOutcome, error)
}

// Handlers reads, watches, cancels and deletes executions.
type Handlers struct {
	Stores func(namespace string) Store
	// encoded are answers to polls.
	encoded encodings
	// Streams are answers that last.
	Streams *web.Streams
	// Timeout of a request that does not last; ?wait= can be no longer.
	Timeout time.Duration
}
