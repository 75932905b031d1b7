// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package submit

import (
	"context"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/archivedruns"
	"github.com/taskexec/taskexec/apiserver/kube"
	"github.com/taskexec/taskexec/apiserver/runindex"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/controllers/backlog"
)

// Store reads the objects that a submission depends on, and records its execution.
type Store interface {
	web.TaskReader
	web.TailReader
	// Schedule returns a schedule, or nil if there is none of that name.
	Schedule(ctx context.Context, name string) (*v1alpha1.TaskSchedule, error)
	// Seen returns an execution from the watch cache. It may miss one that another replica has just created.
	Seen(ctx context.Context, id string) (*v1alpha1.TaskExecution, error)
	// Executions returns the executions of a task, or of all tasks if the name is empty, newest first.
	Executions(ctx context.Context, taskName string) ([]*v1alpha1.TaskExecution, error)
	// Open counts the executions of a task and of the namespace that have not ended, as the watch shows them now.
	Open(task string) (of, all runindex.Open)
	// Create records a new execution. If one of that name exists, it changes nothing and returns the existing one, as
	// the API server has it.
	Create(ctx context.Context, execution *v1alpha1.TaskExecution) (existing *v1alpha1.TaskExecution, err error)
	// CreateSecret stores the values of an execution's sensitive params in the Secret that the execution names. The
	// Secret is deleted with the execution. An existing Secret is not changed.
	CreateSecret(ctx context.Context, execution *v1alpha1.TaskExecution, values map[string][]byte) error
	// Cancel requests that an execution stop, unless it has ended.
	Cancel(ctx context.Context, id string, request v1alpha1.CancelRequest) (kube.CancelOutcome, error)
}

// Handlers creates executions from submissions.
type Handlers struct {
	Stores func(namespace string) Store
	// Validator validates params.
	Validator *ParamsValidator
	// Secret is the installation's secret. If it is nil, keys are not concealed.
	Secret *InstallationSecret
	// Past has the archived runs, nil if there is no archive.
	Past *archivedruns.Archive
	// Cluster identifies the cluster on new executions. If it is nil, they do not name their cluster.
	Cluster *Cluster
	// Waiting bounds the waiting runs of each namespace.
	Waiting backlog.Limits
	// OwnNamespace is the facade's namespace. No Secret is created there.
	OwnNamespace string
	// Limited counts a refusal by the named limit.
	Limited func(limit string)
}
