package runs

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/apiserver/wire"
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

// tally is what stats are made of. Its zero value has counted nothing.
type tally struct {
	by        map[string]int
	durations []time.Duration
}

// count one; it is called under the index's lock.
func (t *tally) count(e *v1alpha1.TaskExecution) {
	if t.by == nil {
		t.by = map[string]int{}
	}
	t.by[wire.StatusOf(e)]++
	if begun, ended := e.Status.StartTime, e.Status.CompletionTime; begun != nil && ended != nil && e.Status.Phase.IsTerminal() {
		t.durations = append(t.durations, max(0, ended.Sub(begun.Time)))
	}
}

// stats of what was counted. P95 is by nearest rank: 95 of 100 runs took no longer.
func (t *tally) stats() Stats {
	s := Stats{
		Running: t.by[wire.StatusRunning], Completed: t.by[wire.StatusCompleted], Failed: t.by[wire.StatusFailed], Cancelled: t.by[wire.StatusCancelled],
	}
	s.Total = s.Running + s.Completed + s.Failed + s.Cancelled
	n := len(t.durations)
	if n == 0 {
		return s
	}
	slices.Sort(t.durations)
	var sum time.Duration
	for _, d := range t.durations {
		sum += d
	}
	average, p95 := (sum / time.Duration(n)).Milliseconds(), t.durations[(n*95+99)/100-1].Milliseconds()
	s.AvgDuration, s.P95 = &average, &p95
	return s
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
