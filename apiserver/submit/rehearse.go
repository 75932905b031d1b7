package submit

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"

	batchv1 "k8s.io/api/batch/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/tasks"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/controllers/jobspec"
	"github.com/taskexec/taskexec/controllers/params"
)

// Rehearsal answers a dry run: nothing was written.
type Rehearsal struct {
	// Kind tells the answer from that of a run that was made.
	Kind string `json:"kind" jsonschema:"enum=rehearsal"`
	// DryRun is true.
	DryRun bool `json:"dryRun"`
	// TaskName of the task.
	TaskName string `json:"taskName"`
	// Outcome is repeat where the Idempotency-Key has made an execution already.
	Outcome string `json:"outcome" jsonschema:"enum=start,enum=queue,enum=refuse,enum=repeat"`
	// Reason is that of the status that the run would have, absent when it would start.
	Reason string `json:"reason,omitempty"`
	// Detail says in words what would become of it.
	Detail string `json:"detail"`
	// StatusCode is what the request would be answered with.
	StatusCode int `json:"statusCode"`
	// ExecutionID of the execution that the Idempotency-Key has made.
	ExecutionID string `json:"executionId,omitempty"`
	// RerunOf is the execution that would be repeated.
	RerunOf string `json:"rerunOf,omitempty"`
	// Params that the container would see, with defaults and without the sensitive ones.
	Params json.RawMessage `json:"params"`
	// SecretParams are the names of the sensitive params, whose values are never sent.
	SecretParams []string `json:"secretParams,omitempty"`
	// Warnings about params that the container would find in TASK_PARAMS alone, because their names give no variable.
	Warnings []string `json:"warnings,omitempty"`
	// Job that would be made. What is known only when an execution is made reads as zeros: its id and UID, and what
	// is named after them. It is absent for a caller that may execute the task and not get it: the Job shows the task's
	// whole template.
	Job *batchv1.Job `json:"job,omitempty"`
}

// UnknownID stands for the id and the UID that an execution would be given.
const UnknownID = "00000000-0000-0000-0000-000000000000"

// rehearse judges a submission as if it was made, and writes nothing. What is wrong with the request itself is
// answered as it would be without dryRun.
func (h *Handlers) rehearse(in *access.Scope, w http.ResponseWriter, r *http.Request, submission submission) error {
	task, err := tasks.Named(r.Context(), h.Stores(in.Namespace), submission.task)
	if err != nil {
		return err
	}
	received, err := h.judge(r.Context(), in, task, submission)
	if err != nil {
		return err
	}
	all, err := h.Stores(in.Namespace).Executions(r.Context(), "")
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
	of, every := h.Stores(in.Namespace).Open(task.Name)
	f := ForecastOf(task, all, job, crowded(h.Waiting, task, execution, of, every))
	answer := Rehearsal{
		Kind: kindRehearsal, DryRun: true, TaskName: task.Name, Outcome: f.Outcome, Reason: f.Reason, Detail: f.Detail, StatusCode: f.Status,
		Params: received.Effective, Job: job, Warnings: warningsOf(task, received.Effective),
	}
	if may, err := in.May(r.Context(), access.To("get", "tasks", access.ByTask), task.Name); err != nil {
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
	if err := h.foresee(in, r, submission, &answer); err != nil {
		return err
	}
	return web.Reply(w, answer)
}

// foresee puts into the answer what an Idempotency-Key that was used before makes of the request.
func (h *Handlers) foresee(in *access.Scope, r *http.Request, submission submission, answer *Rehearsal) error {
	if !submission.keyed {
		return nil
	}
	existing, err := h.recorded(r.Context(), in, submission)
	if err != nil || existing == nil {
		return err
	}
	if answer.ExecutionID = existing.Name; submission.made(existing) {
		answer.Outcome, answer.Reason, answer.StatusCode = OutcomeRepeat, "", http.StatusOK
		answer.Detail = "the " + HeaderIdempotencyKey + " has made an execution already, which would be the answer"
		return nil
	}
	answer.Outcome, answer.Reason, answer.StatusCode = OutcomeRefuse, "", http.StatusConflict
	answer.Detail = keyWasUsed(existing).Detail
	return nil
}

// warningsOf says which params of a run have no environment variable of their own.
func warningsOf(task *v1alpha1.Task, effective []byte) []string {
	schema, err := params.Of(task)
	if err != nil {
		return nil // not reached: the params were judged by it
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(effective, &fields) != nil {
		return nil // not reached: they are an object
	}
	return schema.Warnings(slices.Collect(maps.Keys(fields)))
}
