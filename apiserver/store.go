package apiserver

import (
	"context"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// Store is what the handlers need of Kubernetes, in one namespace. What it returns is shared and must not be
// changed. Reads see this process's own writes.
type Store interface {
	// Task gives a task, or nil when there is none of that name.
	Task(ctx context.Context, name string) (*v1alpha1.Task, error)
	// Tasks gives all tasks, in the order of their names.
	Tasks(ctx context.Context) ([]v1alpha1.Task, error)
	// Execution gives an execution, or nil when there is none of that name.
	Execution(ctx context.Context, id string) (*v1alpha1.TaskExecution, error)
	// Executions gives the executions of a task, or of all tasks when the name is empty, newest first.
	Executions(ctx context.Context, taskName string) ([]v1alpha1.TaskExecution, error)
	// Create records a new execution.
	Create(ctx context.Context, execution *v1alpha1.TaskExecution) error
	// Cancel asks for an execution to be stopped, unless it has ended.
	Cancel(ctx context.Context, id string, request v1alpha1.CancelRequest) (CancelOutcome, error)
}

// CancelOutcome is what became of a cancel.
type CancelOutcome int

// The outcomes.
const (
	// CancelNotFound: there is no such execution.
	CancelNotFound CancelOutcome = iota
	// CancelAccepted: it will end as cancelled.
	CancelAccepted
	// CancelRepeated: it was cancelled before, and will end so.
	CancelRepeated
	// CancelTooLate: it has ended.
	CancelTooLate
)
