package apiserver

import (
	"context"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/history"
)

// runsStore reads, cancels and deletes the executions of one namespace.
type runsStore interface {
	executionReader
	// Executions returns the executions of a task, or of all tasks if the name is empty, newest first.
	Executions(ctx context.Context, taskName string) ([]*v1alpha1.TaskExecution, error)
	// History returns the executions in their order, as soon as it shows this process's own writes.
	History(ctx context.Context) (history.Namespace, error)
	// DeleteExecution removes an execution that has ended, in exactly the state in which it was found to have ended. It
	// returns the execution that it judged, or nil if there is none.
	DeleteExecution(ctx context.Context, id string) (found *v1alpha1.TaskExecution, deleted bool, err error)
	// Cancel asks for an execution to be stopped, unless it has ended.
	Cancel(ctx context.Context, id string, request v1alpha1.CancelRequest) (CancelOutcome, error)
}

// runsRoom reads, watches, cancels and deletes executions.
type runsRoom struct {
	stores func(namespace string) runsStore
	// encoded are answers to polls.
	encoded encodings
	// streams are answers that last.
	streams *streams
	// timeout of a request that does not last; ?wait= can be no longer.
	timeout time.Duration
}
