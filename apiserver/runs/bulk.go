// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runs

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/openapi"
	"github.com/taskexec/taskexec/apiserver/web"
)

// maxCancelled is the most runs that one request cancels by a filter.
const maxCancelled = 1000

// BulkQuery selects runs by the filter of the history.
type BulkQuery struct {
	// DryRun says that the runs are only counted.
	DryRun bool
	// Limit is the most runs that the request handles.
	Limit int

	list historyQuery
}

// filters are the parameters of the history that select runs.
var filters = []string{"taskName", "status", "source", "triggerName", "label", "param", "startDate", "endDate"}

// BulkQueryOf parses the query of a request that handles runs by a filter, at most most of them. It requires at least one
// filter, so that a forgotten one does not select all runs.
func BulkQueryOf(r *http.Request, most int) (q BulkQuery, err error) {
	parameters := web.Parameters[BulkQuery]{
		"dryRun": func(q *BulkQuery, value string) string { return web.Boolean(&q.DryRun, value) },
		"limit":  func(q *BulkQuery, value string) string { return web.Number(&q.Limit, value, most) },
	}
	for _, name := range filters {
		parameters[name] = func(q *BulkQuery, value string) string { return historyParameters[name](&q.list, value) }
	}
	if err := parameters.ReadRepeated(r, &q, maxSelectors, "label", "param"); err != nil {
		return q, err
	}
	if !slices.ContainsFunc(filters, r.URL.Query().Has) {
		return q, web.Problemf(http.StatusBadRequest, "a filter is missing: one or more of taskName, status, source, triggerName, label, param, startDate and endDate")
	}
	q.Limit = cmp.Or(q.Limit, most)
	return q, q.list.checkDates()
}

// TaskName returns the name of the task whose runs are selected, empty for all.
func (q *BulkQuery) TaskName() string { return q.list.taskName }

// Selects reports whether the filter selects a run.
func (q *BulkQuery) Selects(e *v1alpha1.TaskExecution) bool {
	created := e.CreationTimestamp.Time
	return (q.list.taskName == "" || q.list.taskName == e.Spec.TaskRef.Name) &&
		!created.Before(q.list.from) && (q.list.to.IsZero() || !created.After(q.list.to)) && q.list.filter.Matches(e)
}

// CancelByFilterResponse lists the cancelled runs.
type CancelByFilterResponse struct {
	// Matched is how many runs the filter selects that have neither ended nor been cancelled.
	Matched int `json:"matched"`
	// Cancelled are the ids of the runs that this request cancelled. A dry run cancels none.
	Cancelled []string `json:"cancelled"`
	// Remaining is how many runs were left because of the limit. Repeat the request for them.
	Remaining int `json:"remaining"`
	// DryRun is true if the runs were only counted.
	DryRun bool `json:"dryRun,omitempty"`
}

// CancelByFilter cancels the runs that the filter in the query selects, the newest first. A dry run counts them.
func (h *Handlers) CancelByFilter(in *access.Scope, w http.ResponseWriter, r *http.Request) error {
	q, err := BulkQueryOf(r, maxCancelled)
	if err != nil {
		return err
	}
	var body cancelAllRequest
	if err := web.Decode(r, &body); err != nil {
		return err
	}
	reason, err := checkReason(body.Reason)
	if err != nil {
		return err
	}
	executions, err := h.Stores(in.Namespace).Executions(r.Context(), q.TaskName())
	if err != nil {
		return err
	}
	var ids []string
	for _, e := range executions {
		if !e.Status.Phase.IsTerminal() && e.Spec.Cancel == nil && q.Selects(e) {
			ids = append(ids, e.Name)
		}
	}
	answer := CancelByFilterResponse{Matched: len(ids), Cancelled: []string{}, DryRun: q.DryRun}
	now := ids[:min(q.Limit, len(ids))]
	answer.Remaining = len(ids) - len(now)
	if q.DryRun {
		return web.Reply(w, answer)
	}
	outcomes, err := h.cancel(r.Context(), in, now, reason)
	if err != nil {
		return err
	}
	answer.Cancelled = append(answer.Cancelled, cancelledOf(now, outcomes)...)
	return web.Reply(w, answer)
}

// BulkParameters describes the parameters of BulkQueryOf.
func BulkParameters(most int) []openapi.Parameter {
	return append([]openapi.Parameter{
		openapi.Query("dryRun", "Count the runs, and change nothing.", openapi.Flag()),
		openapi.Query("limit", "The most runs that the request handles. It is also the default.", openapi.Integer(1, most)),
	}, filterParameters()...)
}

func cancelByFilter() openapi.Operation {
	return openapi.Operation{
		ID: "cancelExecutionsByFilter", Tag: openapi.TagCancel, Summary: "Cancel the runs that a filter selects.",
		Details:    "It takes the filter of the history, at least one parameter of it. Runs that have ended or are cancelled already are not counted.",
		Parameters: BulkParameters(maxCancelled),
		Body:       cancelAllRequest{},
		Answers:    []openapi.Answer{openapi.OK("The cancelled runs.", CancelByFilterResponse{}), partly()},
	}
}
