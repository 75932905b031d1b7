// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package schedules

import (
	"slices"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/schedule"
)

// Ticks are the times at which a schedule is due.
type Ticks struct {
	// Schedule is the cron expression.
	Schedule string `json:"schedule"`
	// TimeZone is the time zone in which the expression is read.
	TimeZone string `json:"timeZone"`
	// Next are the next ticks, oldest first. A schedule that is disabled or not ready has them too, and starts no runs at
	// them.
	Next []Tick `json:"next"`
	// Past are the newest ticks since the creation of the schedule, newest first. They are ticks of the present expression,
	// even if the schedule had another one then. Past is absent for a schedule that does not exist yet.
	Past []PastTick `json:"past,omitzero"`
	// Incomplete says why archived runs are missing, absent if none are. A tick whose run is archived has the outcome none
	// then.
	Incomplete string `json:"incomplete,omitempty"`
}

// Tick is a time at which a schedule is due.
type Tick struct {
	// At is the time of the cron expression.
	At time.Time `json:"at"`
	// DueAt is when the run is due: at, plus the jitter of the schedule.
	DueAt time.Time `json:"dueAt"`
}

// PastTick is a time at which a schedule was due.
type PastTick struct {
	Tick
	// Outcome is ran if the run of the tick exists. It is pending if the run is due and not created yet. It is none if
	// there is no run: the tick was missed, or the schedule was disabled, not ready or another one at that time, or the
	// run was deleted.
	Outcome string `json:"outcome" jsonschema:"enum=ran,enum=pending,enum=none"`
	// ExecutionID is the id of the run, absent if there is none.
	ExecutionID string `json:"executionId,omitempty"`
}

// The outcomes of a tick.
const (
	outcomeRan     = "ran"
	outcomePending = "pending"
	outcomeNone    = "none"
)

// nextTicks returns the next n ticks that are due after now. late is the jitter.
func nextTicks(table schedule.Timetable, now time.Time, late time.Duration, n int) []Tick {
	ticks := make([]Tick, 0, n)
	for at := table.Next(now.Add(-late)); !at.IsZero() && len(ticks) < n; at = table.Next(at) {
		ticks = append(ticks, Tick{At: at, DueAt: at.Add(late)})
	}
	return ticks
}

// pastTicks returns the newest n ticks that are due up to now, and after the creation of the schedule. Each has the
// outcome none, or pending if the controller would create its run now.
func pastTicks(table schedule.Timetable, s *v1alpha1.TaskSchedule, task *v1alpha1.Task, now time.Time, n int) []PastTick {
	var due []time.Time
	for _, run := range schedule.Decide(schedule.Observation{Now: now, Schedule: s, Task: task}).Runs {
		due = append(due, run.Tick)
	}
	late, past := schedule.Lateness(s), []PastTick{}
	for at := table.Last(now.Add(-late)); at.After(s.CreationTimestamp.Time) && len(past) < n; at = table.Last(at.Add(-time.Second)) {
		tick := PastTick{Tick: Tick{At: at, DueAt: at.Add(late)}, Outcome: outcomeNone}
		if slices.ContainsFunc(due, at.Equal) {
			tick.Outcome = outcomePending
		}
		past = append(past, tick)
	}
	return past
}

// matchRuns sets the outcome of each tick whose run exists. It returns the names that the runs of the other ticks would
// have.
func matchRuns(past []PastTick, s *v1alpha1.TaskSchedule, runs []*v1alpha1.TaskExecution) (missing map[string]bool) {
	exist := map[string]bool{}
	for _, e := range runs {
		if schedule.IsOf(e, s) {
			exist[e.Name] = true
		}
	}
	missing = map[string]bool{}
	for i := range past {
		name := schedule.ExecutionName(s.Name, s.UID, past[i].At)
		switch {
		case exist[name]:
			past[i].Outcome, past[i].ExecutionID = outcomeRan, name
		case past[i].ExecutionID == "":
			missing[name] = true
		}
	}
	return missing
}
