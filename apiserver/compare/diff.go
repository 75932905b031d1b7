// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package compare

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/rundiff"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/apiserver/wire"
	"github.com/taskexec/taskexec/controllers/records"
)

// comparedLog is how much of each log is compared, in bytes.
const comparedLog = 1 << 20

// lastSuccess is the value of ?with= for the last run that completed.
const lastSuccess = "last-success"

// Diff is what differs between two runs.
type Diff struct {
	// ExecutionID is the id of the run.
	ExecutionID string `json:"executionId"`
	// With is the id of the run that it is compared with.
	With string `json:"with"`
	// Outcome has what differs in how the runs ended: status, reason, exitCode, duration, node, imageDigest and attempts.
	Outcome []rundiff.Change `json:"outcome"`
	// Params has the params that differ. Sensitive params are never shown.
	Params []rundiff.Change `json:"params"`
	// Task has what differs in the definitions of the Task. It is empty if they are the same.
	Task TaskDiff `json:"task"`
	// Logs is where the logs begin to differ.
	Logs LogDiff `json:"logs"`
}

// TaskDiff is what differs between two definitions of a Task.
type TaskDiff struct {
	// Changed is true if the definitions differ, absent if that is not known.
	Changed *bool `json:"changed,omitempty"`
	// Changes are the fields of the spec that differ, at most 100.
	Changes []rundiff.Change `json:"changes,omitempty"`
	// Message says why changed or changes are absent.
	Message string `json:"message,omitempty"`
}

// LogDiff is where two logs begin to differ.
type LogDiff struct {
	// First are the lines where the logs begin to differ, absent if they do not. Times in the lines are ignored.
	First *rundiff.Lines `json:"first,omitempty"`
	// Cut is true if only the first 1 MiB of a log was compared, if only its tail is left, or if a log is not final yet.
	Cut bool `json:"cut,omitempty"`
}

type diffQuery struct{ with string }

var diffParameters = web.Parameters[diffQuery]{
	"with": func(q *diffQuery, value string) string {
		if q.with = value; len(validation.IsDNS1123Subdomain(value)) > 0 {
			return lastSuccess + " or the id of a run"
		}
		return ""
	},
}

// Diff answers with what differs between a run and an earlier one.
func (h *Handlers) Diff(in *access.Scope, w http.ResponseWriter, r *http.Request) error {
	q := diffQuery{lastSuccess}
	if err := diffParameters.Read(r, &q); err != nil {
		return err
	}
	ctx, id := r.Context(), web.PathValue(r, "executionId")
	after, err := h.find(ctx, in.Namespace, id)
	if err != nil {
		return err
	}
	if err := in.Guard.InTurn(r, func() error { return in.Require(ctx, toReadLogs, id) }); err != nil {
		return err
	}
	before, err := h.other(in, r, after, q.with)
	if err != nil {
		return err
	}
	answer := Diff{ExecutionID: after.Name, With: before.Name, Outcome: []rundiff.Change{}, Params: []rundiff.Change{}}
	outcome, _ := rundiff.JSON(web.MustJSON(outcomeOf(before.TaskExecution)), web.MustJSON(outcomeOf(after.TaskExecution)))
	params, _ := rundiff.JSON(paramsOf(before.TaskExecution), paramsOf(after.TaskExecution))
	answer.Outcome, answer.Params = append(answer.Outcome, outcome...), append(answer.Params, params...)
	if answer.Task, err = h.compareTasks(ctx, in, before, after); err != nil {
		return err
	}
	if answer.Logs, err = h.compareLogs(ctx, in, before, after); err != nil {
		return err
	}
	return web.Reply(w, answer)
}

// toReadRuns and toReadLogs are the rights to read runs and their logs.
var (
	toReadRuns = access.RightTo("get", "taskexecutions", access.ByExecution)
	toReadLogs = access.RightTo("get", "taskexecutions/logs", access.ByExecution)
)

// other returns the run to compare with. The caller needs the rights to read it and its log.
func (h *Handlers) other(in *access.Scope, r *http.Request, than run, with string) (other run, err error) {
	ctx := r.Context()
	if with != lastSuccess {
		if err := mayRead(in, r, with); err != nil {
			return other, err
		}
		return h.find(ctx, in.Namespace, with)
	}
	e, record, err := h.Runs.LastSuccess(ctx, in.Namespace, than.TaskExecution)
	if err != nil {
		return other, err
	}
	if e == nil {
		return other, web.Problemf(http.StatusNotFound, "no run of the task %q completed before the execution %q", than.Spec.TaskRef.Name, than.Name)
	}
	return run{e, record}, mayRead(in, r, e.Name)
}

func mayRead(in *access.Scope, r *http.Request, id string) error {
	return in.Guard.InTurn(r, func() error {
		if err := in.Require(r.Context(), toReadRuns, id); err != nil {
			return err
		}
		return in.Require(r.Context(), toReadLogs, id)
	})
}

// outcome is what is compared of how a run ended.
type outcome struct {
	Status   string `json:"status"`
	Reason   string `json:"reason,omitempty"`
	ExitCode *int32 `json:"exitCode,omitempty"`
	Duration *int64 `json:"duration,omitempty"`
	Node     string `json:"node,omitempty"`
	// ImageDigest is that of the deciding pod.
	ImageDigest string `json:"imageDigest,omitempty"`
	Attempts    int32  `json:"attempts"`
}

func outcomeOf(e *v1alpha1.TaskExecution) outcome {
	w := wire.ExecutionOf(e, time.Now())
	o := outcome{Status: w.Status, Reason: w.Reason, ExitCode: w.ExitCode, Duration: w.Duration, Attempts: w.Attempts}
	for _, pod := range w.Pods {
		if pod.Deciding || o.Node == "" {
			o.Node, o.ImageDigest = pod.Node, pod.ImageDigest
		}
	}
	return o
}

// paramsOf returns the params that are shown of a run.
func paramsOf(e *v1alpha1.TaskExecution) []byte { return wire.ExecutionOf(e, time.Now()).Params }

// compareTasks compares the definitions. What differs is shown to callers that may read the Task.
func (h *Handlers) compareTasks(ctx context.Context, in *access.Scope, before, after run) (d TaskDiff, err error) {
	was, err := h.taskOf(ctx, in.Namespace, before)
	if err != nil {
		return d, err
	}
	is, err := h.taskOf(ctx, in.Namespace, after)
	if err != nil {
		return d, err
	}
	if was == nil || is == nil {
		d.Message = "the definition of the task that one of the runs ran is no longer known"
		return d, nil
	}
	changed := was.Hash != is.Hash
	d.Changed = &changed
	if !changed {
		return d, nil
	}
	for _, name := range []string{before.Spec.TaskRef.Name, after.Spec.TaskRef.Name} {
		if may, err := in.May(ctx, toReadTasks, name); err != nil {
			return d, err
		} else if !may {
			d.Message = "the changes are shown to callers with the right to get the task"
			return d, nil
		}
	}
	return changesOf(d, was, is)
}

func changesOf(d TaskDiff, was, is *records.TaskSnapshot) (TaskDiff, error) {
	if was.Spec == nil || is.Spec == nil {
		d.Message = "one of the definitions is too large to be kept"
		return d, nil
	}
	old, err := json.Marshal(was.Spec)
	if err != nil {
		return d, err
	}
	now, err := json.Marshal(is.Spec)
	if err != nil {
		return d, err
	}
	more := false
	if d.Changes, more = rundiff.JSON(old, now); more {
		d.Message = "there are more changes than are shown"
	}
	return d, nil
}

func (h *Handlers) compareLogs(ctx context.Context, in *access.Scope, before, after run) (d LogDiff, err error) {
	was, cut, err := h.Logs.Lines(ctx, in, before.Name, before.UID, comparedLog)
	if err != nil {
		return d, err
	}
	is, cutToo, err := h.Logs.Lines(ctx, in, after.Name, after.UID, comparedLog)
	if err != nil {
		return d, err
	}
	d.Cut = cut || cutToo
	d.First = rundiff.Logs(was, is, d.Cut)
	return d, nil
}
