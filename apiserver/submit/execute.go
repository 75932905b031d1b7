// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package submit

import (
	"net/http"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

// Execute creates an execution of a task. The controller does the rest.
func (h *Handlers) Execute(source v1alpha1.TriggerSource) func(*access.Scope, http.ResponseWriter, *http.Request) error {
	return func(in *access.Scope, w http.ResponseWriter, r *http.Request) error {
		request, dryRun, err := executeRequestOf(r)
		if err != nil {
			return err
		}
		sent, err := h.keyOf(r)
		if err != nil {
			return err
		}
		submission := sent.submission(in, func(key string) submission {
			return executionOf(in.Namespace, web.PathValue(r, "taskName"), key, source, request)
		})
		return h.submit(in, w, r, submission, dryRun)
	}
}

// submitOwn is submit for a submission whose task the path does not name: it checks the right to execute that task.
func (h *Handlers) submitOwn(in *access.Scope, w http.ResponseWriter, r *http.Request, submission submission, dryRun bool) error {
	if err := in.RequireExecute(r.Context(), submission.task); err != nil {
		return err
	}
	return h.submit(in, w, r, submission, dryRun)
}

// submit creates the execution of a submission, unless it exists already. For a dry run it creates nothing.
func (h *Handlers) submit(in *access.Scope, w http.ResponseWriter, r *http.Request, submission submission, dryRun bool) error {
	if dryRun {
		return h.dryRun(in, w, r, submission)
	}
	execution, secret, err := h.newExecution(r.Context(), in, submission)
	if err != nil {
		return h.repeatedOr(in, w, r, submission, err)
	}
	noteOrigin(execution, r)
	jobspec.Stamp(execution, time.Now(), h.Cluster.ID())
	existing, err := h.create(r.Context(), in, submission, execution)
	if err != nil {
		return err
	}
	if existing != nil {
		return h.repeatedWith(in, w, r, existing, submission, secret)
	}
	if err := h.storeSecret(r.Context(), in, execution, submission, secret); err != nil {
		return err
	}
	return replyStarted(w, execution)
}
