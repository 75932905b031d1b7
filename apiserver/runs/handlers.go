// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runs

import (
	"context"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/archivedruns"
	"github.com/taskexec/taskexec/apiserver/kube"
	"github.com/taskexec/taskexec/apiserver/runindex"
	"github.com/taskexec/taskexec/apiserver/web"
)

// Store reads, cancels and deletes the executions of one namespace.
type Store interface {
	web.TailReader
	// Executions returns the executions of a task, or of all tasks if the name is empty, newest first.
	Executions(ctx context.Context, taskName string) ([]*v1alpha1.TaskExecution, error)
	// History returns the ordered executions, as soon as they include this process's own writes.
	History(ctx context.Context) (runindex.Namespace, error)
	// DeleteExecution removes an execution that has ended, in exactly the state that was checked. It returns the
	// execution that it checked, or nil if there is none.
	DeleteExecution(ctx context.Context, id string) (found *v1alpha1.TaskExecution, deleted bool, err error)
	// ForgetExecution asks the controller to remove an execution that has ended from the archive, and then to delete it.
	// It returns the execution that it checked, or nil if there is none.
	ForgetExecution(ctx context.Context, id string) (found *v1alpha1.TaskExecution, asked bool, err error)
	// Cancel requests that an execution stop, unless it has ended.
	Cancel(ctx context.Context, id string, request v1alpha1.CancelRequest) (kube.CancelOutcome, error)
}

// Handlers reads, watches, cancels and deletes executions.
type Handlers struct {
	Stores func(namespace string) Store
	// encoded caches the answers to polls.
	encoded encodings
	// Streams are shared by answers that last.
	Streams *web.Streams
	// Past has the archived runs, nil if there is no archive.
	Past *archivedruns.Archive
	// Timeout bounds a request that does not last, and ?wait=.
	Timeout time.Duration
}
