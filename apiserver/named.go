package apiserver

import (
	"context"
	"net/http"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// executionReader reads one execution.
type executionReader interface {
	// Execution returns an execution, or nil if there is none of that name.
	Execution(ctx context.Context, id string) (*v1alpha1.TaskExecution, error)
}

// executionNamed returns an execution. The error is the answer 404 if there is none.
func executionNamed(ctx context.Context, store executionReader, id string) (*v1alpha1.TaskExecution, error) {
	execution, err := store.Execution(ctx, id)
	if err != nil {
		return nil, err
	}
	if execution == nil {
		return nil, noExecution(id)
	}
	return execution, nil
}

func noExecution(id string) error {
	return problemf(http.StatusNotFound, "there is no execution %q", id)
}

func noTask(name string) error {
	return problemf(http.StatusNotFound, "there is no task %q; GET /tasks lists those there are", name)
}

// noSchedule says why there is no schedule to answer with.
func noSchedule(name string, err error) error {
	if err != nil {
		return err
	}
	return problemf(http.StatusNotFound, "there is no schedule %q; GET /triggers/cron lists those there are", name)
}
