package submit

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/history"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/controllers/census"
	"github.com/taskexec/taskexec/controllers/room"
)

// queueFullRetry in seconds: a place in a full queue is free when a run ends, and nobody knows when that is.
const queueFullRetry = 5

// admit refuses a run of which the watch cache shows that the controller would refuse it. The controller is the
// authority: what passes here at the same moment as others may yet be refused by it, and then fails for the same
// reason.
func (h *Handlers) admit(ctx context.Context, in *access.Scope, task *v1alpha1.Task, execution *v1alpha1.TaskExecution) error {
	if err := suspended(task); err != nil {
		return err
	}
	of, all := h.Stores(in.Namespace).Open(task.Name)
	now, example := census.Crowd{Active: of.Active, Ahead: of.Ahead, Queued: of.Queued}, ""
	if c := task.Spec.Concurrency; c != nil && (c.Policy == v1alpha1.ConcurrencyForbid || c.MaxQueued != nil) {
		// Its limit is likely to be small, so that also the last run that was made here has to be counted.
		executions, err := h.Stores(in.Namespace).Executions(ctx, task.Name)
		if err != nil {
			return err
		}
		taken := census.Take(executions)
		now, example = taken.Crowd(), oldest(taken)
	}
	now.Blocked = all.Blocked()
	if err := refused(task, now, example); err != nil {
		return err
	}
	if full := crowded(h.Waiting, task, execution, of, all); full != nil {
		h.Limited("waiting_" + string(full.Bound))
		return noRoom(full)
	}
	return nil
}

// crowded says why a run may not wait in its namespace, nil where it may, or does not have to: the task's own limit has
// room for it, or the task has none and no run of it waits for others.
func crowded(limits room.Limits, task *v1alpha1.Task, execution *v1alpha1.TaskExecution, of, all history.Open) *room.Full {
	most := task.Spec.MaxRunning()
	if of.Active+of.Ahead < most || most == 0 && of.Waiting.Runs == 0 {
		return nil
	}
	raw, err := json.Marshal(execution)
	if err != nil {
		return nil // not reached: its creation would fail for the same reason, and say it
	}
	return limits.Judge(execution.Namespace, all.Waiting, int64(len(raw)))
}

func noRoom(full *room.Full) *web.Problem {
	p := web.Problemf(http.StatusTooManyRequests, "%v", full)
	p.RetryAfter = queueFullRetry
	return p
}

// oldest names the oldest run that has a place or gets one, empty if there is none.
func oldest(c census.Census) string {
	for _, e := range append(slices.Clone(c.Active), c.Waiting...) {
		return e.Name
	}
	return ""
}

// suspended refuses a run of a task that takes none.
func suspended(task *v1alpha1.Task) error {
	if task.Spec.Suspended {
		return web.Problemf(http.StatusConflict, "the task %q is suspended and takes no new runs (spec.suspended)", task.Name)
	}
	return nil
}

// refused judges a new run by what it finds. An error is a problem, nil lets it pass. example names a run that is active.
func refused(task *v1alpha1.Task, now census.Crowd, example string) error {
	rules := census.RulesOf(task)
	switch rules.Judge(now).Reason {
	case v1alpha1.ReasonConcurrencyForbidden:
		return web.Problemf(http.StatusConflict, "the task %q runs %d at once and forbids more (spec.concurrency); execution %s is active", task.Name, rules.MaxRunning, example)
	case v1alpha1.ReasonQueueFull:
		return &web.Problem{
			Status:     http.StatusTooManyRequests,
			Detail:     fmt.Sprintf("the queue of the task %q is full: %d run at once and %d may wait (spec.concurrency); try again when one has ended", task.Name, rules.MaxRunning, rules.MaxQueued),
			RetryAfter: queueFullRetry,
		}
	default:
		return nil
	}
}
