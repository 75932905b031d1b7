// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runs

import (
	"encoding/json"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/invopop/jsonschema"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/kube"
	"github.com/taskexec/taskexec/apiserver/runindex"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/apiserver/wire"
)

// Record is an execution with its creation time. The history is sorted and filtered by it.
type Record struct {
	wire.Execution
	// CreatedAt is when the run was created.
	CreatedAt time.Time `json:"createdAt"`
}

// Listed is an execution in a list. It has logs only if the request asks for them.
type Listed struct {
	wire.Execution
}

// JSONSchemaExtend makes logs optional.
func (Listed) JSONSchemaExtend(schema *jsonschema.Schema) {
	schema.Required = slices.DeleteFunc(schema.Required, func(name string) bool { return name == "logs" })
}

// ListedRecord is an execution in a page of the history or in an event of a watch.
type ListedRecord struct {
	Listed
	// CreatedAt is when the run was created.
	CreatedAt time.Time `json:"createdAt"`
}

// History is a page of the history.
type History struct {
	// Executions are the executions of this page.
	Executions []ListedRecord `json:"executions"`
	// NextCursor is the cursor of the next page, absent on the last page.
	NextCursor string `json:"nextCursor,omitempty"`
	// Page is the number of the page, present if the request has one.
	Page int `json:"page,omitempty"`
	// PageSize is the size of a page, present if the request has one.
	PageSize int `json:"pageSize,omitempty"`
	// Total is the number of executions on all pages. It is present if the request has page and there were not too many
	// to count.
	Total *int `json:"total,omitempty"`
}

func recordOf(e *v1alpha1.TaskExecution, now time.Time, withLogs bool) ListedRecord {
	return ListedRecord{listedOf(e, now, withLogs), e.CreationTimestamp.UTC()}
}

// listedOf returns an execution for a list.
func listedOf(e *v1alpha1.TaskExecution, now time.Time, withLogs bool) Listed {
	if withLogs {
		return Listed{wire.ExecutionOf(e, now)}
	}
	brief := *e
	brief.Status.Logs, brief.Status.Pods = nil, nil // lists omit them, so they are not converted
	listed := wire.ExecutionOf(&brief, now)
	listed.Logs, listed.Pods = nil, nil
	return Listed{listed}
}

// List answers with a page of the executions of all tasks.
func (h *Handlers) List(in *access.Scope, w http.ResponseWriter, r *http.Request) error {
	q, err := historyQueryOf(r)
	if err != nil {
		return err
	}
	all, err := h.Stores(in.Namespace).History(r.Context())
	if err != nil {
		return err
	}
	page := all.Page(q.forIndex())
	answer := History{Executions: []ListedRecord{}, Page: q.page, PageSize: q.pageSize}
	if page.Next != nil && q.page == 0 {
		answer.NextCursor = runindex.Cursor{After: *page.Next, OldestFirst: q.sort == sortOldest}.String()
	}
	if page.Counted {
		answer.Total = &page.Total
	}
	if web.Unchanged(w, r, web.TagOfParts(append(versionsOf(page.Executions), answer.NextCursor, strconv.Itoa(page.Total))...)) {
		return nil
	}
	return replyPage(w, answer, page.Executions, q.withLogs)
}

// replyPage sends a page of the history, encoding one execution after the other.
func replyPage(w http.ResponseWriter, empty History, executions []*v1alpha1.TaskExecution, withLogs bool) error {
	raw, err := json.Marshal(empty)
	if err != nil {
		return err
	}
	const before = `{"executions":[`
	now := time.Now()
	return web.ReplyList(w, before, string(raw[len(before):]), len(executions), func(i int) any { return recordOf(executions[i], now, withLogs) })
}

// ListOfTask answers with the executions of a task, newest first: all, or a page if the request has a limit. Executions
// of a deleted task can still be read.
func (h *Handlers) ListOfTask(in *access.Scope, w http.ResponseWriter, r *http.Request) error {
	q, err := byTaskQueryOf(r)
	if err != nil {
		return err
	}
	q.taskName = web.PathValue(r, "taskName")
	all, err := h.Stores(in.Namespace).History(r.Context())
	if err != nil {
		return err
	}
	executions, next := executionsOf(all, &q)
	if len(executions) == 0 && q.cursor == nil && !hasRuns(all, q.taskName) {
		if err := in.MustKnowTask(r.Context(), q.taskName); err != nil {
			return err
		}
	}
	if next != "" {
		w.Header().Set("Link", "<"+nextPage(in, &q, next)+`>; rel="next"`)
	}
	if web.Unchanged(w, r, web.TagOfParts(append(versionsOf(executions), next)...)) {
		return nil
	}
	now := time.Now()
	return web.ReplyList(w, "[", "]", len(executions), func(i int) any { return listedOf(executions[i], now, q.withLogs) })
}

// hasRuns reports whether a task has any execution, whatever the filter of a list selects.
func hasRuns(all runindex.Namespace, taskName string) bool {
	return len(all.Page(runindex.Query{Task: taskName, Limit: 1, Scan: 1}).Executions) > 0
}

// executionsOf returns the executions of a task: a page if the request asks for one, otherwise all. If all are larger
// than MaxListBytes, or too many to examine with a filter, it returns a page.
func executionsOf(all runindex.Namespace, q *historyQuery) (executions []*v1alpha1.TaskExecution, next string) {
	of := q.forIndex()
	if q.limit == 0 && q.filter.IsEmpty() {
		if whole := kube.AllOf(all, q.taskName); weightOfAll(whole, q.withLogs) <= MaxListBytes {
			return whole, ""
		}
	}
	if q.limit == 0 {
		of.Limit = math.MaxInt
	}
	page := all.Page(of)
	if page.Next != nil {
		next = runindex.Cursor{After: *page.Next}.String()
	}
	return page.Executions, next
}

// nextPage returns the URL of the next page for the Link header (RFC 8288). The documented list has no field for a
// cursor.
func nextPage(in *access.Scope, q *historyQuery, cursor string) string {
	values := url.Values{"cursor": {cursor}}
	if q.limit > 0 {
		values.Set("limit", strconv.Itoa(q.limit))
	}
	if q.logs != "" {
		values.Set("logs", q.logs)
	}
	q.filter.repeat(values)
	return in.Path("tasks", "running", q.taskName) + "?" + values.Encode()
}

// versionsOf returns the versions of executions, from which the ETag of their list is made.
func versionsOf(executions []*v1alpha1.TaskExecution) []string {
	parts := make([]string, 0, 2*len(executions)+2)
	for _, e := range executions {
		parts = append(parts, e.Name, e.ResourceVersion)
	}
	return parts
}

// Delete deletes an execution that has ended. An active one must be cancelled first: deleting it would also stop it,
// but leave no record.
func (h *Handlers) Delete(in *access.Scope, w http.ResponseWriter, r *http.Request) error {
	if err := (web.Parameters[struct{}]{}).Read(r, &struct{}{}); err != nil {
		return err
	}
	id := web.PathValue(r, "executionId")
	found, deleted, err := h.Stores(in.Namespace).DeleteExecution(r.Context(), id)
	switch {
	case err != nil:
		return err
	case found == nil:
		return web.NoExecution(id)
	case !deleted:
		return web.Problemf(http.StatusConflict, "the execution %q has not ended, its phase is %s; cancel it with DELETE %s/tasks/executions/cancel/by-ids, and delete it when it has ended",
			id, wire.ExecutionOf(found, time.Now()).Phase, in.Prefix)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
