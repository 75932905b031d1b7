// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/kube"
	"github.com/taskexec/taskexec/apiserver/web"
)

// cancelsAtOnce bounds how many executions one request cancels at the same time.
const cancelsAtOnce = 16

// CancelByIDs cancels the executions that the body names.
func (h *Handlers) CancelByIDs(in *access.Scope, w http.ResponseWriter, r *http.Request) error {
	var request CancelByIDsRequest
	if err := web.Decode(r, &request); err != nil {
		return in.RefuseWithoutNames(access.CancelEach, err)
	}
	ids, err := checkNames("executionIds", request.ExecutionIDs)
	if err != nil {
		return in.RefuseWithoutNames(access.CancelEach, err)
	}
	if err := in.RequireEach(r.Context(), access.CancelEach.OfNames(access.ByExecution), ids); err != nil {
		return err
	}
	request.Reason, err = checkReason(request.Reason)
	if err != nil {
		return err
	}
	outcomes, err := h.cancel(r.Context(), in, ids, request.Reason)
	if err != nil {
		return err
	}
	answer := CancelByIDsResponse{Cancelled: []string{}, NotFound: []string{}, AlreadyFinished: []string{}}
	for i, id := range ids {
		switch outcomes[i] {
		case kube.CancelNotFound:
			answer.NotFound = append(answer.NotFound, id)
		case kube.CancelTooLate:
			answer.AlreadyFinished = append(answer.AlreadyFinished, id)
		case kube.CancelAccepted, kube.CancelRepeated:
			answer.Cancelled = append(answer.Cancelled, id)
		}
	}
	return web.Reply(w, answer)
}

// CancelByTaskNames cancels all executions of the tasks that the body names.
func (h *Handlers) CancelByTaskNames(in *access.Scope, w http.ResponseWriter, r *http.Request) error {
	var request cancelByTaskNamesRequest
	if err := web.Decode(r, &request); err != nil {
		return in.RefuseWithoutNames(access.CancelEach, err)
	}
	names, err := checkNames("taskNames", request.TaskNames)
	if err != nil {
		return in.RefuseWithoutNames(access.CancelEach, err)
	}
	if err := in.RequireEach(r.Context(), access.CancelEach.OfNames(access.ByTask), names); err != nil {
		return err
	}
	request.Reason, err = checkReason(request.Reason)
	if err != nil {
		return err
	}
	answer := cancelByTaskNamesResponse{Cancelled: []string{}, TaskNotFound: []string{}}
	var ids []string
	for _, name := range names {
		executions, err := h.Stores(in.Namespace).Executions(r.Context(), name)
		if err != nil {
			return err
		}
		if len(executions) == 0 {
			known, err := in.KnowsTask(r.Context(), name)
			if err != nil {
				return err
			}
			if !known {
				answer.TaskNotFound = append(answer.TaskNotFound, name)
			}
		}
		ids = append(ids, unfinished(executions)...)
	}
	outcomes, err := h.cancel(r.Context(), in, ids, request.Reason)
	if err != nil {
		return err
	}
	answer.Cancelled = append(answer.Cancelled, cancelledOf(ids, outcomes)...)
	return web.Reply(w, answer)
}

// cancelledOf returns the executions whose cancellation was requested, now or before.
func cancelledOf(ids []string, outcomes []kube.CancelOutcome) (cancelled []string) {
	for i, id := range ids {
		if outcomes[i] == kube.CancelAccepted || outcomes[i] == kube.CancelRepeated {
			cancelled = append(cancelled, id)
		}
	}
	return cancelled
}

// CancelAll cancels all executions of the namespace, or those that the filter in the query selects. It counts only those
// that this request cancelled. A dry run counts those that the request would cancel.
func (h *Handlers) CancelAll(in *access.Scope, w http.ResponseWriter, r *http.Request) error {
	query, err := cancelAllQueryOf(r)
	if err != nil {
		return err
	}
	executions, err := h.Stores(in.Namespace).Executions(r.Context(), "")
	if err != nil {
		return err
	}
	executions = slices.DeleteFunc(executions, func(e *v1alpha1.TaskExecution) bool { return !query.filter.Matches(e) })
	if query.dryRun {
		return web.Reply(w, CancelAllResponse{Count: uncancelled(executions), DryRun: true})
	}
	outcomes, err := h.cancel(r.Context(), in, unfinished(executions), query.reason)
	if err != nil {
		return err
	}
	answer := CancelAllResponse{}
	for _, outcome := range outcomes {
		if outcome == kube.CancelAccepted {
			answer.Count++
		}
	}
	return web.Reply(w, answer)
}

// uncancelled counts the executions that have neither ended nor been cancelled.
func uncancelled(executions []*v1alpha1.TaskExecution) (n int) {
	for _, e := range executions {
		if !e.Status.Phase.IsTerminal() && e.Spec.Cancel == nil {
			n++
		}
	}
	return n
}

func unfinished(executions []*v1alpha1.TaskExecution) (ids []string) {
	for _, e := range executions {
		if !e.Status.Phase.IsTerminal() {
			ids = append(ids, e.Name)
		}
	}
	return ids
}

// cancel cancels each execution and returns the outcomes in the same order. It tries all of them. If some fail, the
// error lists those that failed and those that were cancelled. The request can be repeated: an execution that is being
// cancelled counts as cancelled.
func (h *Handlers) cancel(ctx context.Context, in *access.Scope, ids []string, reason string) ([]kube.CancelOutcome, error) {
	outcomes, failures := make([]kube.CancelOutcome, len(ids)), make([]error, len(ids))
	by := cmp.Or(in.User(), access.RequestedBy)
	var group errgroup.Group
	group.SetLimit(cancelsAtOnce)
	for i, id := range ids {
		group.Go(func() error {
			outcomes[i], failures[i] = h.Stores(in.Namespace).Cancel(ctx, id, v1alpha1.CancelRequest{RequestedBy: by, Reason: reason})
			return nil
		})
	}
	_ = group.Wait() // each failure is in its element
	err := errors.Join(failures...)
	if err == nil {
		return outcomes, nil
	}
	if len(ids) == 1 {
		return nil, err
	}
	answer := *web.ProblemOf(err)
	for i, id := range ids {
		if failures[i] != nil {
			answer.Failed = append(answer.Failed, id)
		} else if outcomes[i] == kube.CancelAccepted || outcomes[i] == kube.CancelRepeated {
			answer.Cancelled = append(answer.Cancelled, id)
		}
	}
	answer.Detail = fmt.Sprintf("%d of %d executions were cancelled, and %d could not be; repeat the request. The first failure: %s",
		len(answer.Cancelled), len(ids), len(answer.Failed), answer.Detail)
	return nil, fmt.Errorf("%w (%w)", &answer, err)
}
