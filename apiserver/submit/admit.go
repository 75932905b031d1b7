// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package submit

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/runindex"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/controllers/backlog"
	"github.com/taskexec/taskexec/controllers/census"
)

// queueFullRetry is the Retry-After of a full queue in seconds. The facade cannot know when a run will end.
const queueFullRetry = 5

// admit rejects a run that the controller would refuse, as far as the watch cache shows. The controller has the last
// word: if several requests pass at the same time, it may refuse some, and these runs fail for the same reason.
func (h *Handlers) admit(ctx context.Context, in *access.Scope, task *v1alpha1.Task, execution *v1alpha1.TaskExecution) error {
	if err := suspended(task); err != nil {
		return err
	}
	of, all := h.Stores(in.Namespace).Open(task.Name)
	now, example := census.Occupancy{Active: of.Active, Ahead: of.Ahead, Queued: of.Queued}, ""
	if c := task.Spec.Concurrency; c != nil && (c.Policy == v1alpha1.ConcurrencyForbid || c.MaxQueued != nil) {
		// Such a limit is usually small, so the newest run created here must be counted too.
		executions, err := h.Stores(in.Namespace).Executions(ctx, task.Name)
		if err != nil {
			return err
		}
		taken := census.Take(executions)
		now, example = taken.Occupancy(), oldest(taken)
	}
	now.Blocked = all.Blocked()
	if err := refused(task, now, example); err != nil {
		return err
	}
	if full := backlogFull(h.Waiting, task, execution, of, all); full != nil {
		h.Limited("waiting_" + string(full.Bound))
		return backlogProblem(full)
	}
	return nil
}

// backlogFull says why a run may not wait in its namespace. It returns nil if the run may wait or need not wait: the
// task's limit has room, or the task has no limit and no waiting run.
func backlogFull(limits backlog.Limits, task *v1alpha1.Task, execution *v1alpha1.TaskExecution, of, all runindex.Open) *backlog.Full {
	most := task.Spec.MaxRunning()
	if of.Active+of.Ahead < most || most == 0 && of.Waiting.Runs == 0 {
		return nil
	}
	raw, err := json.Marshal(execution)
	if err != nil {
		return nil // unreachable: creating it would fail with the same error
	}
	return limits.Judge(execution.Namespace, all.Waiting, int64(len(raw)))
}

func backlogProblem(full *backlog.Full) *web.Problem {
	text := sayBacklogBytes.With(full.Namespace, full.Used, full.Size, full.Limit)
	if full.Bound == backlog.BoundRuns {
		text = sayBacklogRuns.With(full.Namespace, full.Used, full.Limit)
	}
	p := web.ProblemOfText(http.StatusTooManyRequests, text)
	p.RetryAfter = queueFullRetry
	return p
}

// oldest returns the name of the oldest run that has or will get a place, empty if there is none.
func oldest(c census.Census) string {
	for _, e := range append(slices.Clone(c.Active), c.Waiting...) {
		return e.Name
	}
	return ""
}

// suspended returns an error if the task is suspended.
func suspended(task *v1alpha1.Task) error {
	if task.Spec.Suspended {
		return web.ProblemOfText(http.StatusConflict, saySuspended.With(task.Name))
	}
	return nil
}

// refused judges a new run by the current counts. nil accepts it. example is the name of an active run.
func refused(task *v1alpha1.Task, now census.Occupancy, example string) error {
	rules := census.RulesOf(task)
	switch rules.Judge(now).Reason {
	case v1alpha1.ReasonConcurrencyForbidden:
		return web.ProblemOfText(http.StatusConflict, sayForbidden.With(task.Name, rules.MaxRunning, example))
	case v1alpha1.ReasonQueueFull:
		p := web.ProblemOfText(http.StatusTooManyRequests, sayQueueFull.With(task.Name, rules.MaxRunning, rules.MaxQueued))
		p.RetryAfter = queueFullRetry
		return p
	default:
		return nil
	}
}
