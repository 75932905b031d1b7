package runs

import (
	"net/http"
	"strconv"

	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/web"
)

// Stats sums up executions.
type Stats struct {
	// TaskName of the task that was asked for.
	TaskName string `json:"taskName,omitempty"`
	// Total of the four.
	Total int `json:"total"`
	// Running, as status has it: also what waits.
	Running int `json:"running"`
	// Completed runs.
	Completed int `json:"completed"`
	// Failed runs.
	Failed int `json:"failed"`
	// Cancelled runs, also those that are on their way to it.
	Cancelled int `json:"cancelled"`
	// AvgDuration in milliseconds, of the runs that started and ended; null when there is none.
	AvgDuration *int64 `json:"avgDuration" jsonschema_extras:"type=integer,type=null"`
	// P95 of the same durations: 95 of 100 took no longer.
	P95 *int64 `json:"p95" jsonschema_extras:"type=integer,type=null"`
}

type statsQuery struct{ taskName string }

var statsParameters = web.Parameters[statsQuery]{
	"taskName": func(q *statsQuery, value string) string { return web.NameOf(&q.taskName, value, "the name of a task") },
}

// Summary sums up the executions that there are, of one task or of all.
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
