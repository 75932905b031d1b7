package apiserver

import (
	"context"
	"fmt"
	"net/http"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// queueFullRetry in seconds: a place in a full queue is free when a run ends, and nobody knows when that is.
const queueFullRetry = 5

// admit refuses a run of which the watch cache shows that the controller would refuse it. The controller is the
// authority: what passes here at the same moment as others may yet be refused by it, and then fails for the same
// reason.
func (s *namespaced) admit(ctx context.Context, task *v1alpha1.Task) error {
	if err := suspended(task); err != nil {
		return err
	}
	_, bounded := task.Spec.MaxQueued()
	if task.Spec.ConcurrencyPolicy() != v1alpha1.ConcurrencyForbid && !bounded {
		return nil
	}
	executions, err := s.store.Executions(ctx, task.Name)
	if err != nil {
		return err
	}
	return refused(task, executions)
}

// suspended refuses a run of a task that takes none.
func suspended(task *v1alpha1.Task) error {
	if task.Spec.Suspended {
		return problemf(http.StatusConflict, "the task %q is suspended and takes no new runs (spec.suspended)", task.Name)
	}
	return nil
}

// refused judges a new run by the others of its task. An error is a problem, nil lets it pass.
func refused(task *v1alpha1.Task, executions []*v1alpha1.TaskExecution) error {
	active, queued, example := 0, 0, ""
	for _, e := range executions {
		if e.Status.Phase.IsTerminal() {
			continue
		}
		active++
		example = e.Name // the oldest, at last
		if e.Status.Phase == v1alpha1.PhaseQueued {
			queued++
		}
	}
	most := task.Spec.MaxRunning()
	if task.Spec.ConcurrencyPolicy() == v1alpha1.ConcurrencyForbid {
		if active < most {
			return nil
		}
		return problemf(http.StatusConflict, "the task %q runs %d at once and forbids more (spec.concurrency); execution %s is active", task.Name, most, example)
	}
	if most > 0 {
		queued = max(queued, active-most)
	}
	maxQueued, bounded := task.Spec.MaxQueued()
	if !bounded || active < most || queued < maxQueued || (most == 0 && queued == 0) {
		return nil
	}
	return &problem{
		Status:     http.StatusTooManyRequests,
		Detail:     fmt.Sprintf("the queue of the task %q is full: %d run at once and %d may wait (spec.concurrency); try again when one has ended", task.Name, most, maxQueued),
		retryAfter: queueFullRetry,
	}
}
