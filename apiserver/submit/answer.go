// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package submit

import (
	"context"
	"net/http"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/apiserver/wire"
)

func replyStarted(w http.ResponseWriter, execution *v1alpha1.TaskExecution) error {
	started := wire.ExecutionOf(execution, time.Now())
	started.Trigger.Claimed = false // this request created it
	return web.Reply(w, Started{Execution: started, Kind: kindStarted, Data: started})
}

// repeated answers a repetition with the existing execution in its current state. If the key was used with another
// body, the answer is 409.
func (h *Handlers) repeated(in *access.Scope, w http.ResponseWriter, r *http.Request, existing *v1alpha1.TaskExecution, submission submission) error {
	if !submission.made(existing) {
		return keyWasUsed(existing)
	}
	whole, err := h.Stores(in.Namespace).Whole(r.Context(), existing)
	if err != nil {
		return err
	}
	if whole != nil { // it was not deleted meanwhile
		existing = whole
	}
	w.Header().Set(HeaderReplayed, "true")
	return replyStarted(w, existing)
}

func keyWasUsed(existing *v1alpha1.TaskExecution) *web.Problem {
	return web.ProblemOfText(http.StatusConflict, sayKeyBefore.With(HeaderIdempotencyKey, existing.Name))
}

// repeatedWith answers the repetition of a submission with sensitive params. If the first request only created the
// execution, repeatedWith creates the Secret. It does not change an existing Secret.
func (h *Handlers) repeatedWith(in *access.Scope, w http.ResponseWriter, r *http.Request, existing *v1alpha1.TaskExecution, submission submission, secret map[string][]byte) error {
	half := len(secret) > 0 && existing.Spec.SecretParams != nil && existing.Status.Job == nil && !existing.Status.Phase.IsTerminal()
	if half && submission.made(existing) {
		if err := h.Stores(in.Namespace).CreateSecret(r.Context(), existing, secret); err != nil {
			return err
		}
	}
	return h.repeated(in, w, r, existing, submission)
}

// repeatedOr answers a request that would be refused now. If it is a repetition, the answer is the execution of the
// first request, even if the task has changed since, was deleted, or is busy with that execution.
func (h *Handlers) repeatedOr(in *access.Scope, w http.ResponseWriter, r *http.Request, submission submission, refusal error) error {
	if submission.digest == "" {
		return refusal
	}
	existing, err := h.recorded(r.Context(), in, submission)
	if err != nil {
		return err
	}
	if existing == nil {
		return refusal
	}
	return h.repeated(in, w, r, existing, submission)
}

// repeatedAfterDeletion answers the repetition of a request whose original, an execution or a schedule, was deleted
// since. It returns the refusal if the request is not a repetition, or is
// a dry run.
func (h *Handlers) repeatedAfterDeletion(in *access.Scope, w http.ResponseWriter, r *http.Request, submission submission, dryRun bool, refusal error) error {
	if dryRun || !submission.keyed {
		return refusal
	}
	existing, err := h.recorded(r.Context(), in, submission)
	if err != nil {
		return err
	}
	if existing == nil {
		return refusal
	}
	submission.task = existing.Spec.TaskRef.Name
	if err := in.RequireExecute(r.Context(), submission.task); err != nil {
		return err
	}
	return h.repeated(in, w, r, existing, submission)
}

// recorded returns the execution that a submission's key has created, nil if there is none.
func (h *Handlers) recorded(ctx context.Context, in *access.Scope, submission submission) (*v1alpha1.TaskExecution, error) {
	existing, err := h.Stores(in.Namespace).Execution(ctx, submission.id)
	if existing != nil || err != nil || submission.formerID == "" {
		return existing, err
	}
	return h.Stores(in.Namespace).Execution(ctx, submission.formerID)
}
