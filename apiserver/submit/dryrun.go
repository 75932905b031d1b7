// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package submit

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"

	batchv1 "k8s.io/api/batch/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/controllers/jobspec"
	"github.com/taskexec/taskexec/controllers/params"
	"github.com/taskexec/taskexec/controllers/phrases"
)

// DryRun is the answer to a dry run. Nothing was changed.
type DryRun struct {
	// Kind tells this answer from that of a request that started a run.
	Kind string `json:"kind" jsonschema:"enum=rehearsal"`
	// DryRun is always true.
	DryRun bool `json:"dryRun"`
	// TaskName is the name of the task.
	TaskName string `json:"taskName"`
	// Outcome is what the request would do: start or queue a run, be refused, or repeat the answer of an earlier
	// request with the same Idempotency-Key.
	Outcome string `json:"outcome" jsonschema:"enum=start,enum=queue,enum=refuse,enum=repeat"`
	// Reason is the reason that the run's status would have, absent if the run would start at once.
	Reason string `json:"reason,omitempty"`
	// Detail says in a sentence what the request would do.
	Detail string `json:"detail"`
	// StatusCode is the HTTP status that the request would get.
	StatusCode int `json:"statusCode"`
	// ExecutionID is the id of the execution that an earlier request with the same Idempotency-Key started.
	ExecutionID string `json:"executionId,omitempty"`
	// RerunOf is the id of the execution that would be repeated.
	RerunOf string `json:"rerunOf,omitempty"`
	// Params are the params that the container would get, with defaults and without sensitive ones.
	Params json.RawMessage `json:"params"`
	// SecretParams are the names of the sensitive params. Their values are never sent.
	SecretParams []string `json:"secretParams,omitempty"`
	// Warnings are about params that the container would get only in TASK_PARAMS, because their names cannot be those
	// of environment variables.
	Warnings []string `json:"warnings,omitempty"`
	// Job is the Job that the run would have. The id and UID of the execution are not known yet: they, and the names
	// made of them, have zeros. Job is absent if the caller has no right to get the task, because the Job shows the
	// task's template.
	Job *batchv1.Job `json:"job,omitempty"`
}

// SchemaName returns the name of the schema in the API's description.
func (DryRun) SchemaName() string { return "Rehearsal" }

// UnknownID is a placeholder for the id and UID that an execution would get.
const UnknownID = "00000000-0000-0000-0000-000000000000"

// dryRun answers a dry run and changes nothing. An invalid request gets the same answer as without dryRun.
func (h *Handlers) dryRun(in *access.Scope, w http.ResponseWriter, r *http.Request, submission submission) error {
	task, err := web.TaskNamed(r.Context(), h.Stores(in.Namespace), submission.task)
	if err != nil {
		return err
	}
	received, err := h.judge(r.Context(), in, task, submission)
	if err != nil {
		return err
	}
	ours, err := h.Stores(in.Namespace).Executions(r.Context(), task.Name)
	if err != nil {
		return err
	}
	execution := submission.execution(received)
	execution.Namespace, execution.Name, execution.UID = in.Namespace, UnknownID, UnknownID
	if from := execution.Spec.SecretParams; from != nil {
		from.SecretName = UnknownID
	}
	job, err := jobspec.Build(task, execution, received.Effective)
	if err != nil {
		return params.FieldErrors{{Message: err.Error()}}
	}
	job.APIVersion, job.Kind = batchv1.SchemeGroupVersion.String(), "Job"
	of, all := h.Stores(in.Namespace).Open(task.Name)
	f := ForecastOf(task, ours, all.Blocked(), job, backlogFull(h.Waiting, task, execution, of, all))
	language := web.Speak(w, r)
	answer := DryRun{
		Kind: kindDryRun, DryRun: true, TaskName: task.Name, Outcome: f.Outcome, Reason: f.Reason, Detail: f.Detail.In(language), StatusCode: f.Status,
		Params: received.Effective, Job: job, Warnings: warningsOf(task, received.Effective, language),
	}
	if may, err := in.May(r.Context(), access.RightTo("get", "tasks", access.ByTask), task.Name); err != nil {
		return err
	} else if !may {
		answer.Job = nil
	}
	if submission.original != nil {
		answer.RerunOf = submission.original.Name
	}
	if execution.Spec.SecretParams != nil {
		answer.SecretParams = execution.Spec.SecretParams.Names
	}
	if err := h.setRepeat(in, r, submission, &answer, language); err != nil {
		return err
	}
	return web.Reply(w, answer)
}

// setRepeat sets the answer for an Idempotency-Key that was used before.
func (h *Handlers) setRepeat(in *access.Scope, r *http.Request, submission submission, answer *DryRun, language phrases.Language) error {
	if !submission.keyed {
		return nil
	}
	existing, err := h.recorded(r.Context(), in, submission)
	if err != nil || existing == nil {
		return err
	}
	if answer.ExecutionID = existing.Name; submission.made(existing) {
		answer.Outcome, answer.Reason, answer.StatusCode = OutcomeRepeat, "", http.StatusOK
		answer.Detail = sayKeyAgain.With(HeaderIdempotencyKey).In(language)
		return nil
	}
	answer.Outcome, answer.Reason, answer.StatusCode = OutcomeRefuse, "", http.StatusConflict
	answer.Detail = keyWasUsed(existing).In(language).Detail
	return nil
}

// warningsOf says which params of a run have no environment variable.
func warningsOf(task *v1alpha1.Task, effective []byte, language phrases.Language) []string {
	schema, err := params.Of(task)
	if err != nil {
		return nil // unreachable: the params were validated with it
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(effective, &fields) != nil {
		return nil // unreachable: the params are an object
	}
	return schema.Warnings(slices.Collect(maps.Keys(fields)), language)
}
