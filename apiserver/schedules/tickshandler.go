// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package schedules

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/archivedruns"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/controllers/records"
	"github.com/taskexec/taskexec/controllers/schedule"
)

// defaultTicks and maxTicks are how many ticks an answer has by default and at most, in each direction.
const (
	defaultTicks = 10
	maxTicks     = 100
)

// ticksQuery asks for the ticks of a schedule.
type ticksQuery struct {
	next, past         int
	schedule, timeZone string
}

// ticksParameters parses the query for the ticks of an existing schedule, and previewParameters that of another one.
var (
	ticksParameters = web.Parameters[ticksQuery]{
		"next": func(q *ticksQuery, v string) string { return web.Number(&q.next, v, maxTicks) },
		"past": func(q *ticksQuery, v string) string { return web.Number(&q.past, v, maxTicks) },
	}
	previewParameters = web.Parameters[ticksQuery]{
		"next":     ticksParameters["next"],
		"schedule": func(q *ticksQuery, v string) string { q.schedule = v; return "" },
		"timeZone": func(q *ticksQuery, v string) string { q.timeZone = v; return "" },
	}
)

// Ticks answers with the next and the past ticks of a schedule.
func (h *Handlers) Ticks(in *access.Scope, w http.ResponseWriter, r *http.Request) error {
	q := ticksQuery{next: defaultTicks, past: defaultTicks}
	if err := ticksParameters.Read(r, &q); err != nil {
		return err
	}
	name, store := web.PathValue(r, "name"), h.Stores(in.Namespace)
	s, err := store.Schedule(r.Context(), name)
	if err != nil || s == nil {
		return web.NoSchedule(name, err)
	}
	answer, table, wrong := ticksOf(s.Spec.Schedule, s.Spec.TimeZone)
	if err := wrong.problem(); err != nil {
		return web.Problemf(http.StatusConflict, "the schedule %q has no times until it is fixed: %s", name, wrong.said())
	}
	task, err := store.Task(r.Context(), s.Spec.TaskRef.Name)
	if err != nil {
		return err
	}
	runs, err := store.Executions(r.Context(), s.Spec.TaskRef.Name)
	if err != nil {
		return err
	}
	now := time.Now()
	answer.Next = nextTicks(table, now, schedule.Lateness(s), q.next)
	answer.Past = pastTicks(table, s, task, now, q.past)
	if missing := matchRuns(answer.Past, s, runs); len(missing) > 0 {
		archived, err := h.archived(r.Context(), in.Namespace, answer.Past, missing)
		if err != nil {
			answer.Incomplete = archivedruns.Away(err)
		}
		matchRuns(answer.Past, s, archived)
	}
	return web.Reply(w, answer)
}

// archived returns the archived runs of ticks, by their names. A run is created at its tick or later.
func (h *Handlers) archived(ctx context.Context, namespace string, past []PastTick, names map[string]bool) ([]*v1alpha1.TaskExecution, error) {
	page, err := h.Past.Page(ctx, namespace, records.Query{
		From:  past[len(past)-1].At.Unix(),
		Keep:  func(k *records.Key) bool { return names[k.Name] },
		Limit: len(names),
	})
	return page.Executions, err
}

// Preview answers with the next ticks of a schedule that does not exist yet.
func (h *Handlers) Preview(_ *access.Scope, w http.ResponseWriter, r *http.Request) error {
	q := ticksQuery{next: defaultTicks}
	if err := previewParameters.Read(r, &q); err != nil {
		return err
	}
	answer, table, wrong := ticksOf(q.schedule, q.timeZone)
	if err := wrong.problem(); err != nil {
		return err
	}
	answer.Next = nextTicks(table, time.Now(), 0, q.next)
	return web.Reply(w, answer)
}

// ticksOf parses an expression and its time zone. It returns an answer without ticks, or what is wrong.
func ticksOf(expression, timeZone string) (answer Ticks, table schedule.Timetable, wrong *fields) {
	wrong = &fields{}
	parsed, err := schedule.Parse(expression)
	if err != nil {
		wrong.wrong("schedule", "%v", err)
	}
	zone, err := schedule.LoadZone(timeZone)
	if err != nil {
		wrong.wrong("timeZone", "%v", err)
	}
	return Ticks{Schedule: expression, TimeZone: cmp.Or(timeZone, "UTC")}, schedule.NewTimetable(parsed, zone), wrong
}
