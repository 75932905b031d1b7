// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package submit

import (
	"context"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/kube"
	"github.com/taskexec/taskexec/apiserver/runindex"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/controllers/backlog"
)

// Store reads what a submission is judged by, and records the execution that it makes.
type Store interface {
	// Task returns a Task, or nil if there is none of that name.
	Task(ctx context.Context, name string) (*v1alpha1.Task, error)
	web.ExecutionReader
	// Schedule returns a schedule, or nil if there is none of that name.
	Schedule(ctx context.Context, name string) (*v1alpha1.TaskSchedule, error)
	// Seen returns an execution from the watch cache alone. It may miss one that another replica made a moment ago.
	Seen(ctx context.Context, id string) (*v1alpha1.TaskExecution, error)
	// Executions returns the executions of a task, or of all tasks if the name is empty, newest first.
	Executions(ctx context.Context, taskName string) ([]*v1alpha1.TaskExecution, error)
	// Open counts the executions of a task and of the namespace that have not ended, as the watch shows them now.
	Open(task string) (of, all runindex.Open)
	// Create records a new execution. If there is one of that name, it changes nothing and returns that one, as the API
	// server has it now.
	Create(ctx context.Context, execution *v1alpha1.TaskExecution) (existing *v1alpha1.TaskExecution, err error)
	// CreateSecret records the values of an execution's sensitive params in the Secret that it names, which is deleted with
	// the execution. One that exists is left as it is.
	CreateSecret(ctx context.Context, execution *v1alpha1.TaskExecution, values map[string][]byte) error
	// Cancel asks for an execution to be stopped, unless it has ended.
	Cancel(ctx context.Context, id string, request v1alpha1.CancelRequest) (kube.CancelOutcome, error)
}

// Handlers makes executions of submissions.
type Handlers struct {
	Stores func(namespace string) Store
	// Judges of params.
	Judges *Judges
	// Secret is the installation's secret. Nil conceals nothing.
	Secret *InstallationSecret
	// Waiting bounds what waits in each namespace.
	Waiting backlog.Limits
	// OwnNamespace is where the facade runs. No Secret is made there.
	OwnNamespace string
	// Limited counts a refusal by a limit of that name.
	Limited func(limit string)
}
