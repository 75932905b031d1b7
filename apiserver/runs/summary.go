// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runs

import (
	"net/http"
	"strconv"

	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/web"
)

// Stats has statistics of executions.
type Stats struct {
	// TaskName is the task in the request.
	TaskName string `json:"taskName,omitempty"`
	// Total is the sum of the next four.
	Total int `json:"total"`
	// Running is how many runs have the status running, including those that wait.
	Running int `json:"running"`
	// Completed is how many runs have completed.
	Completed int `json:"completed"`
	// Failed is how many runs have failed.
	Failed int `json:"failed"`
	// Cancelled is how many runs were cancelled, including those whose containers have not ended yet.
	Cancelled int `json:"cancelled"`
	// AvgDuration is the mean duration in milliseconds of the runs that have started and ended, null if there are none.
	AvgDuration *int64 `json:"avgDuration" jsonschema_extras:"type=integer,type=null"`
	// P95 is the 95th percentile of these durations in milliseconds: 95 of 100 runs took no longer.
	P95 *int64 `json:"p95" jsonschema_extras:"type=integer,type=null"`
}

type statsQuery struct{ taskName string }

var statsParameters = web.Parameters[statsQuery]{
	"taskName": func(q *statsQuery, value string) string { return web.NameOf(&q.taskName, value, "the name of a task") },
}

// Summary answers with the statistics of one task or of all.
func (h *Handlers) Summary(in *access.Scope, w http.ResponseWriter, r *http.Request) error {
	var q statsQuery
	if err := statsParameters.Read(r, &q); err != nil {
		return err
	}
	all, err := h.Stores(in.Namespace).History(r.Context())
	if err != nil {
		return err
	}
	var t tally
	all.Each(q.taskName, t.count)
	answer := t.stats()
	answer.TaskName = q.taskName
	if answer.Total == 0 && q.taskName != "" {
		if err := in.MustKnowTask(r.Context(), q.taskName); err != nil {
			return err
		}
	}
	parts := []string{q.taskName}
	for _, n := range []int{answer.Running, answer.Completed, answer.Failed, answer.Cancelled} {
		parts = append(parts, strconv.Itoa(n))
	}
	for _, n := range []*int64{answer.AvgDuration, answer.P95} {
		if n != nil {
			parts = append(parts, strconv.FormatInt(*n, 10))
		}
	}
	if web.Unchanged(w, r, web.TagOfParts(parts...)) {
		return nil
	}
	return web.Reply(w, answer)
}
