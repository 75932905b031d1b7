// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runs

import (
	"cmp"
	"net/http"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/runindex"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/apiserver/wire"
)

// Limits of a page of the history.
const (
	// maxPageWithLogs is the largest page with logs. A tail has 16 KiB by default.
	maxPageWithLogs = 100
	// maxScanned bounds how many executions are examined for one page, so that a filter with few matches has a bounded
	// cost.
	maxScanned = 50_000
	// maxScannedBytes bounds in the same way how many bytes of params are decoded for one page.
	maxScannedBytes = 32 << 20
	// maxReach is the last execution that a page number can reach. Cursors have no such limit.
	maxReach = 10_000
)

// historyQuery is the query of a list of executions.
type historyQuery struct {
	taskName string
	filter   selection
	from, to time.Time
	sort     string
	limit    int
	// page and pageSize are 0 if the list is read with limit and cursor.
	page, pageSize int
	cursor         *runindex.Cursor
	// logs is "true", "false" or empty; withLogs decides what empty means.
	logs     string
	withLogs bool
	// may asks what the caller may do with each run.
	may bool
	// archived is "true", "false" or empty. Without it, each list decides whether it has archived runs.
	archived string
}

// The values of ?sort=.
const (
	sortNewest = "-createdAt"
	sortOldest = "createdAt"
)

var (
	allStatuses = []string{wire.StatusRunning, wire.StatusCompleted, wire.StatusFailed, wire.StatusCancelled}
	allSources  = []string{"manual", "api", "schedule", "change", "kubectl"}
)

var historyParameters = web.Parameters[historyQuery]{
	"taskName": func(q *historyQuery, value string) string {
		return web.NameOf(&q.taskName, value, "the name of a task")
	},
	"triggerName": func(q *historyQuery, value string) string {
		if q.filter.TriggerName = value; value == "" || len(value) > validation.DNS1123SubdomainMaxLength {
			return "the name of a schedule or pipeline"
		}
		return ""
	},
	"status":    func(q *historyQuery, value string) string { return web.Words(&q.filter.Statuses, value, allStatuses) },
	"source":    func(q *historyQuery, value string) string { return web.Words(&q.filter.Sources, value, allSources) },
	"label":     func(q *historyQuery, value string) string { return q.filter.label(value) },
	"param":     func(q *historyQuery, value string) string { return q.filter.param(value) },
	"startDate": func(q *historyQuery, value string) string { return date(&q.from, value, 0) },
	"endDate":   func(q *historyQuery, value string) string { return date(&q.to, value, 24*time.Hour-1) },
	"sort": func(q *historyQuery, value string) string {
		if q.sort = value; value != sortNewest && value != sortOldest {
			return sortNewest + " (newest first) or " + sortOldest
		}
		return ""
	},
	"limit":    func(q *historyQuery, value string) string { return web.Number(&q.limit, value, web.MaxPage) },
	"page":     func(q *historyQuery, value string) string { return web.Number(&q.page, value, maxReach) },
	"pageSize": func(q *historyQuery, value string) string { return web.Number(&q.pageSize, value, web.MaxPage) },
	"cursor":   func(q *historyQuery, value string) string { return cursorOf(&q.cursor, value) },
	"logs":     func(q *historyQuery, value string) string { return web.YesOrNo(&q.logs, value) },
	"archived": func(q *historyQuery, value string) string { return web.YesOrNo(&q.archived, value) },
	"may":      func(q *historyQuery, value string) string { return web.Boolean(&q.may, value) },
}

// byTaskParameters are the parameters of the documented list.
var byTaskParameters = web.Parameters[historyQuery]{
	"limit": historyParameters["limit"], "cursor": historyParameters["cursor"], "logs": historyParameters["logs"],
	"label": historyParameters["label"], "param": historyParameters["param"],
	"archived": historyParameters["archived"], "may": historyParameters["may"],
}

// historyQueryOf parses the query of a list.
func historyQueryOf(r *http.Request) (q historyQuery, err error) {
	if err := historyParameters.ReadRepeated(r, &q, maxSelectors, "label", "param"); err != nil {
		return q, err
	}
	paged := q.page > 0 || q.pageSize > 0
	if paged && (q.cursor != nil || q.limit > 0) {
		return q, web.Problemf(http.StatusBadRequest, "page and pageSize belong together and cannot be combined with limit or cursor")
	}
	if err := q.checkDates(); err != nil {
		return q, err
	}
	if paged {
		q.page, q.pageSize = max(q.page, 1), cmp.Or(q.pageSize, web.DefaultPage)
		if q.page*q.pageSize > maxReach {
			return q, web.Problemf(http.StatusBadRequest, "page %d of size %d is beyond the first %d executions; use a cursor, which has no such limit", q.page, q.pageSize, maxReach)
		}
		q.limit = q.pageSize
	}
	if q.cursor != nil {
		order := sortNewest
		if q.cursor.OldestFirst {
			order = sortOldest
		}
		if q.sort != "" && q.sort != order {
			return q, web.Problemf(http.StatusBadRequest, "the cursor belongs to a list with sort=%s; send the parameters of its first page again", order)
		}
		q.sort = order
	}
	q.limit = cmp.Or(q.limit, web.DefaultPage)
	err = q.checkLogs(q.logs == "true")
	return q, err
}

// checkDates rejects a time without runs.
func (q *historyQuery) checkDates() error {
	if !q.from.IsZero() && !q.to.IsZero() && q.from.After(q.to) {
		return web.Problemf(http.StatusBadRequest, "the startDate is after the endDate")
	}
	return nil
}

// byTaskQueryOf parses the query of the documented list, which returns everything by default.
func byTaskQueryOf(r *http.Request) (q historyQuery, err error) {
	if err := byTaskParameters.ReadRepeated(r, &q, maxSelectors, "label", "param"); err != nil {
		return q, err
	}
	if q.cursor != nil && q.cursor.OldestFirst {
		return q, web.Problemf(http.StatusBadRequest, "the cursor belongs to a list with sort=%s, but this list is newest first", sortOldest)
	}
	if q.cursor != nil || q.archived == "true" {
		q.limit = cmp.Or(q.limit, web.DefaultPage)
	}
	err = q.checkLogs(q.logs != "false")
	return q, err
}

// checkLogs limits the size of a page with logs, because logs are the largest part of an execution.
func (q *historyQuery) checkLogs(wanted bool) error {
	if q.withLogs = wanted; wanted && q.limit > maxPageWithLogs {
		return web.Problemf(http.StatusBadRequest, "limit=%d is too much with logs: at most %d, or %d with logs=false", q.limit, maxPageWithLogs, web.MaxPage)
	}
	return nil
}

// match returns the filter for the index, and its cost in bytes for one execution. Both are nil if the filter is empty
// or costs nothing that grows with the execution.
func (q *historyQuery) match() (match func(*v1alpha1.TaskExecution) bool, cost func(*v1alpha1.TaskExecution) int) {
	if !q.filter.IsEmpty() {
		match = q.filter.Matches
	}
	if len(q.filter.Params) > 0 {
		cost = func(e *v1alpha1.TaskExecution) int { return len(wire.ReadableParams(e)) }
	}
	return match, cost
}

// forIndex returns the query for the index.
func (q *historyQuery) forIndex() runindex.Query {
	of := runindex.Query{
		Task: q.taskName, OldestFirst: q.sort == sortOldest, From: q.from, To: q.to,
		Limit: q.limit, Scan: maxScanned, ScanBytes: maxScannedBytes,
	}
	of.Match, of.Cost = q.match()
	if q.cursor != nil {
		of.After = &q.cursor.After
	}
	if q.page == 0 { // numbered pages cannot continue elsewhere
		of.Bytes, of.Weigh = MaxListBytes, func(e *v1alpha1.TaskExecution) int { return weightOf(e, q.withLogs) }
	}
	if q.page > 0 {
		of.Skip, of.Count = (q.page-1)*q.pageSize, true
	}
	return of
}

// date parses a time, or a day in UTC. It adds the given duration to a day.
func date(to *time.Time, value string, into time.Duration) (want string) {
	const soonest, latest = 1970, 9999
	at, err := time.Parse(time.RFC3339Nano, value)
	if err != nil {
		if at, err = time.Parse(time.DateOnly, value); err == nil {
			at = at.Add(into)
		}
	}
	if err != nil || at.Year() < soonest || at.Year() > latest {
		return "a time such as 2006-01-02T15:04:05Z, or a day such as 2006-01-02, from " + strconv.Itoa(soonest) + " on"
	}
	*to = at
	return ""
}

func cursorOf(to **runindex.Cursor, value string) (want string) {
	c, err := runindex.ParseCursor(value)
	if err != nil {
		return "a nextCursor of this API"
	}
	*to = &c
	return ""
}
