// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package submit

import (
	"net/http"
	"slices"
	"time"

	"github.com/go-logr/logr"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/openapi"
	"github.com/taskexec/taskexec/apiserver/runs"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

// maxReruns is the most runs that one request runs again.
const maxReruns = 100

// RerunByFilterResponse says which runs were run again.
type RerunByFilterResponse struct {
	// Matched is how many runs the filter selects that have ended.
	Matched int `json:"matched"`
	// Started are the new runs. A dry run starts none.
	Started []StartedRerun `json:"started"`
	// Failed are the runs that could not be run again.
	Failed []FailedRerun `json:"failed"`
	// DryRun is true if the runs were only counted.
	DryRun bool `json:"dryRun,omitempty"`
}

// StartedRerun is a run that was started.
type StartedRerun struct {
	// ExecutionID is the id of the new run.
	ExecutionID string `json:"executionId"`
	// RerunOf is the id of the run that it repeats.
	RerunOf string `json:"rerunOf"`
}

// FailedRerun says why a run could not be run again.
type FailedRerun struct {
	// ExecutionID is the id of the run that was to be repeated.
	ExecutionID string `json:"executionId"`
	// Status is the HTTP status that the rerun of this run alone would have got.
	Status int `json:"status"`
	// Detail says what is wrong.
	Detail string `json:"detail"`
}

// RerunByFilter runs all runs again that the filter in the query selects and that have ended. It starts nothing if there
// are too many, or if the caller may not run one of their tasks. With an Idempotency-Key, the request can be repeated.
func (h *Handlers) RerunByFilter(in *access.Scope, w http.ResponseWriter, r *http.Request) error {
	q, err := runs.BulkQueryOf(r, maxReruns)
	if err != nil {
		return err
	}
	key, err := h.keyOf(r)
	if err != nil {
		return err
	}
	executions, err := h.Stores(in.Namespace).Executions(r.Context(), q.TaskName())
	if err != nil {
		return err
	}
	selected := slices.DeleteFunc(slices.Clone(executions), func(e *v1alpha1.TaskExecution) bool { return !e.Status.Phase.IsTerminal() || !q.Selects(e) })
	if err := requireExecuteOfAll(r, in, selected); err != nil {
		return err
	}
	answer := RerunByFilterResponse{Matched: len(selected), Started: []StartedRerun{}, Failed: []FailedRerun{}, DryRun: q.DryRun}
	switch {
	case q.DryRun:
		return web.Reply(w, answer)
	case len(selected) > q.Limit:
		return web.Problemf(http.StatusConflict, "the filter selects %d runs, more than %d: nothing was started; select fewer, for example by startDate and endDate", len(selected), q.Limit)
	}
	for _, original := range slices.Backward(selected) { // as they were created
		execution, err := h.rerunOne(in, r, original, key)
		if r.Context().Err() != nil {
			return r.Context().Err() // with a key, the request can be repeated
		}
		if err != nil {
			logr.FromContextOrDiscard(r.Context()).V(1).Info("Could not run again", "execution", original.Name, "reason", err.Error())
			p := web.ProblemOf(err)
			answer.Failed = append(answer.Failed, FailedRerun{original.Name, p.Status, p.Detail})
			continue
		}
		answer.Started = append(answer.Started, StartedRerun{execution.Name, original.Name})
	}
	return web.Reply(w, answer)
}

// requireExecuteOfAll checks the right to run the task of each run.
func requireExecuteOfAll(r *http.Request, in *access.Scope, executions []*v1alpha1.TaskExecution) error {
	seen := map[string]bool{}
	for _, e := range executions {
		task := e.Spec.TaskRef.Name
		if seen[task] {
			continue
		}
		seen[task] = true
		if err := in.RequireExecute(r.Context(), task); err != nil {
			return err
		}
	}
	return nil
}

// rerunOne runs one run again with the same params and labels, or returns the run that an earlier request with the key has
// started.
func (h *Handlers) rerunOne(in *access.Scope, r *http.Request, original *v1alpha1.TaskExecution, key submissionKey) (*v1alpha1.TaskExecution, error) {
	submission := key.submission(in, func(key string) submission {
		return rerunOf(in.Namespace, original.Name, original, key, executeBody{})
	})
	execution, secret, err := h.newExecution(r.Context(), in, submission)
	if err != nil {
		if submission.digest != "" {
			existing, lookErr := h.recorded(r.Context(), in, submission)
			if lookErr == nil && existing != nil && submission.made(existing) {
				return existing, nil
			}
		}
		return nil, err
	}
	noteOrigin(execution, r)
	jobspec.Stamp(execution, time.Now(), h.Cluster.ID())
	existing, err := h.create(r.Context(), in, submission, execution)
	switch {
	case err != nil:
		return nil, err
	case existing != nil && !submission.made(existing):
		return nil, keyWasUsed(existing)
	case existing != nil:
		return existing, nil
	}
	return execution, h.storeSecret(r.Context(), in, execution, submission, secret)
}

func rerunningByFilter() openapi.Operation {
	return openapi.Operation{
		ID: "rerunExecutionsByFilter", Tag: openapi.TagExecutions, Summary: "Run all ended runs again that a filter selects.",
		Details: "It takes the filter of the history, at least one parameter of it, and does not select archived runs. " +
			"If there are more runs than limit, or the caller may not run one of their tasks, nothing is started. With an Idempotency-Key, the request can be repeated without starting a run twice.",
		Parameters: append(runs.BulkParameters(maxReruns),
			openapi.Header(HeaderIdempotencyKey, "Identifies the request, so that a repetition does not start runs again. 1 to 255 visible ASCII characters, quoted (RFC 9651) or not.", openapi.Text("minLength", 1))),
		Answers: []openapi.Answer{openapi.OK("The new runs.", RerunByFilterResponse{}), openapi.Problem(http.StatusConflict, "The filter selects more runs than limit.")},
	}
}
