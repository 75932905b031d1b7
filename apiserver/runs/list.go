// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runs

import (
	"context"
	"encoding/json"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/invopop/jsonschema"
	"k8s.io/utils/ptr"

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
	// Incomplete says why archived runs are missing, absent if none are.
	Incomplete string `json:"incomplete,omitempty"`
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
	page, err := h.list(r.Context(), in.Namespace, all, &q)
	if err != nil {
		return err
	}
	if q.may {
		if err := allow(r.Context(), in, page.runs); err != nil {
			return err
		}
	}
	answer := History{Executions: []ListedRecord{}, Page: q.page, PageSize: q.pageSize, Total: page.total, Incomplete: page.incomplete}
	if page.next != nil && q.page == 0 {
		answer.NextCursor = cursorOfPosition(*page.next, q.sort == sortOldest)
	}
	if web.Unchanged(w, r, web.TagOfParts(append(versionsOf(page.runs), answer.NextCursor, strconv.Itoa(ptr.Deref(page.total, -1)), page.incomplete)...)) {
		return nil
	}
	shown := h.show(r.Context(), in.Namespace, page.runs, q.withLogs)
	return replyPage(w, answer, len(page.runs), func(i int) (any, error) {
		one, err := shown(i)
		return ListedRecord{one, page.runs[i].CreationTimestamp.UTC()}, err
	})
}

// replyPage sends a page of the history, encoding one execution after the other.
func replyPage(w http.ResponseWriter, empty History, n int, value func(i int) (any, error)) error {
	raw, err := json.Marshal(empty)
	if err != nil {
		return err
	}
	const before = `{"executions":[`
	return web.ReplyList(w, before, string(raw[len(before):]), n, value)
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
	page, err := h.ofTask(r.Context(), in.Namespace, all, q)
	if err != nil {
		return err
	}
	if len(page.runs) == 0 && q.cursor == nil && !hasRuns(all, q.taskName) {
		if err := in.MustKnowTask(r.Context(), q.taskName); err != nil {
			return err
		}
	}
	if q.may {
		if err := allow(r.Context(), in, page.runs); err != nil {
			return err
		}
	}
	next := ""
	if page.next != nil {
		next = cursorOfPosition(*page.next, false)
		w.Header().Set("Link", "<"+nextPage(in, &q, next)+`>; rel="next"`)
	}
	if page.incomplete != "" {
		w.Header().Set(headerIncomplete, page.incomplete)
	}
	if web.Unchanged(w, r, web.TagOfParts(append(versionsOf(page.runs), next, page.incomplete)...)) {
		return nil
	}
	shown := h.show(r.Context(), in.Namespace, page.runs, q.withLogs)
	return web.ReplyList(w, "[", "]", len(page.runs), func(i int) (any, error) { return shown(i) })
}

// hasRuns reports whether a task has any execution, whatever the filter of a list selects.
func hasRuns(all runindex.Namespace, taskName string) bool {
	return len(all.Page(runindex.Query{Task: taskName, Limit: 1, Scan: 1}).Executions) > 0
}

// headerIncomplete says why archived runs are missing in a list without fields of its own.
const headerIncomplete = "Incomplete"

// ofTask returns the executions of a task: a page if the request asks for one, otherwise all live ones. If all are larger
// than MaxListBytes, or too many to examine with a filter, it returns a page.
func (h *Handlers) ofTask(ctx context.Context, namespace string, all runindex.Namespace, q historyQuery) (listing, error) {
	if q.archived == "true" {
		return h.list(ctx, namespace, all, &q)
	}
	if q.limit == 0 && q.filter.IsEmpty() {
		if whole := kube.AllOf(all, q.taskName); weightOfAll(whole, q.withLogs) <= MaxListBytes {
			return listing{runs: liveRuns(whole)}, nil
		}
	}
	if q.limit == 0 {
		q.limit = math.MaxInt
	}
	return liveListing(all, &q), nil
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
	if q.may {
		values.Set("may", "true")
	}
	q.filter.repeat(values)
	if q.archived != "" {
		values.Set("archived", q.archived)
	}
	return in.Path("tasks", "running", q.taskName) + "?" + values.Encode()
}

// versionsOf returns the versions of executions, from which the ETag of their list is made.
func versionsOf(runs []listed) []string {
	parts := make([]string, 0, 2*len(runs)+3)
	for i := range runs {
		parts = append(parts, runs[i].Name, runs[i].version())
		parts = append(parts, runs[i].may...)
	}
	return parts
}
