package apiserver

import (
	"context"

	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// Stores has one Store for each namespace.
type Stores interface {
	// In gives the Store of a namespace, which need not exist.
	In(namespace string) Store
}

// Store is what the handlers need of Kubernetes, in one namespace. What it returns is shared and must not be
// changed. Reads see this process's own writes.
type Store interface {
	ScheduleStore
	ExplainStore
	HistoryStore

	// Task gives a task, or nil when there is none of that name.
	Task(ctx context.Context, name string) (*v1alpha1.Task, error)
	// Tasks gives all tasks, in the order of their names.
	Tasks(ctx context.Context) ([]v1alpha1.Task, error)
	// Execution gives an execution, or nil when there is none of that name.
	Execution(ctx context.Context, id string) (*v1alpha1.TaskExecution, error)
	// Seen returns an execution from the watch cache alone. It may miss one that another replica made a moment ago.
	Seen(ctx context.Context, id string) (*v1alpha1.TaskExecution, error)
	// Executions gives the executions of a task, or of all tasks when the name is empty, newest first.
	Executions(ctx context.Context, taskName string) ([]*v1alpha1.TaskExecution, error)
	// Pods gives the pods of an execution that are still there, in no order.
	Pods(ctx context.Context, execution *v1alpha1.TaskExecution) ([]corev1.Pod, error)
	// Create records a new execution. When there is one of that name, it changes nothing and gives that one, as
	// the API server has it at this moment.
	Create(ctx context.Context, execution *v1alpha1.TaskExecution) (existing *v1alpha1.TaskExecution, err error)
	// CreateSecret records the values of an execution's sensitive params in the Secret that it names, which goes when
	// the execution goes. One that exists is left as it is.
	CreateSecret(ctx context.Context, execution *v1alpha1.TaskExecution, values map[string][]byte) error
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
