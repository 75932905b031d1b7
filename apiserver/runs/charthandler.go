// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runs

import (
	"cmp"
	"net/http"
	"strconv"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/openapi"
	"github.com/taskexec/taskexec/apiserver/web"
)

const (
	// maxPeriods bounds the periods of one answer.
	maxPeriods = 1000
	byHour     = "hour"
	byDay      = "day"
)

// steps has the length of a period, and defaultPeriods how many there are without the parameter from.
var (
	steps          = map[string]time.Duration{byHour: time.Hour, byDay: 24 * time.Hour}
	defaultPeriods = map[string]int{byHour: 24, byDay: 30}
)

type chartQuery struct {
	taskName, by string
	from, to     time.Time
}

var chartParameters = web.Parameters[chartQuery]{
	"taskName": func(q *chartQuery, value string) string { return web.NameOf(&q.taskName, value, "the name of a task") },
	"from":     func(q *chartQuery, value string) string { return date(&q.from, value, 0) },
	"to":       func(q *chartQuery, value string) string { return date(&q.to, value, 24*time.Hour-1) },
	"by": func(q *chartQuery, value string) string {
		if q.by = value; steps[value] == 0 {
			return "hour or day"
		}
		return ""
	},
}

// chartQueryOf parses the query. The chart ends now and has the default number of periods, unless the query says otherwise.
func chartQueryOf(r *http.Request, now time.Time) (q chartQuery, err error) {
	if err := chartParameters.Read(r, &q); err != nil {
		return q, err
	}
	q.by = cmp.Or(q.by, byDay)
	if q.to.IsZero() {
		q.to = now
	}
	step := steps[q.by]
	if q.from.IsZero() {
		q.from = q.to.Add(-step * time.Duration(defaultPeriods[q.by]-1))
	}
	if q.from.After(q.to) {
		return q, web.Problemf(http.StatusBadRequest, "from is after to")
	}
	if n := periods(q.from, q.to, step); n > maxPeriods {
		return q, web.Problemf(http.StatusBadRequest, "from and to are %d periods apart, more than %d; ask for less, or by=day", n, maxPeriods)
	}
	return q, nil
}

// StatsHistory answers with the statistics of one task or of all, by hour or day of creation.
func (h *Handlers) StatsHistory(in *access.Scope, w http.ResponseWriter, r *http.Request) error {
	q, err := chartQueryOf(r, time.Now())
	if err != nil {
		return err
	}
	all, err := h.Stores(in.Namespace).History(r.Context())
	if err != nil {
		return err
	}
	of, seen, live := newChart(q.from, q.to, steps[q.by]), ended{}, 0
	all.Each(q.taskName, func(e *v1alpha1.TaskExecution) { of.count(e); seen.add(e); live++ }) // first: see merge
	tallies, why := h.tallies(r.Context(), in.Namespace, q.taskName, q.from, q.to, seen)
	for _, t := range tallies {
		of.add(t)
	}
	if live+len(tallies) == 0 && q.taskName != "" {
		if err := in.MustKnowTask(r.Context(), q.taskName); err != nil {
			return err
		}
	}
	answer := StatsHistory{TaskName: q.taskName, By: q.by, Periods: of.periods(), Incomplete: why}
	if web.Unchanged(w, r, web.TagOfParts(string(web.MustJSON(answer)))) {
		return nil
	}
	return web.Reply(w, answer)
}

func chartOperations() openapi.Operations {
	return openapi.Operations{
		"GET /tasks/stats/history": {
			ID: "getStatisticsHistory", Tag: openapi.TagExecutions, Summary: "Count the runs, live and archived, and their durations by hour or day of creation.",
			Parameters: []openapi.Parameter{
				openapi.Query("taskName", "Only runs of this task.", openapi.Text()),
				openapi.Query("from", "The first period has this time (RFC 3339) or day. The default is 30 days or 24 hours before to.", openapi.Text()),
				openapi.Query("to", "The last period has this time (RFC 3339) or day. The default is now. There are at most "+strconv.Itoa(maxPeriods)+" periods.", openapi.Text()),
				openapi.Query("by", "The length of a period. The default is day.", openapi.OneOf(byHour, byDay)), openapi.IfNoneMatch,
			},
			Answers: []openapi.Answer{openapi.Tagged("The statistics.", StatsHistory{}), openapi.NotModified, openapi.Problem(http.StatusNotFound, "Neither the task nor a run of it exists.")},
		},
	}
}
