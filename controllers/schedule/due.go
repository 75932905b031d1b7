// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"slices"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// countedFrom returns the time after which ticks count: the end of the last plan, or the creation. It is now if
// something new began: another schedule or time zone, or running again after a suspension or another hindrance. Earlier
// ticks are not caught up.
func countedFrom(o Observation, observed string) time.Time {
	status, now := &o.Schedule.Status, o.Now.Truncate(time.Second)
	if status.ObservedSchedule != "" && (status.ObservedSchedule != observed || wasIdle(status)) {
		return now
	}
	if o.Schedule.Undecoded.Has("status.handledUntil") {
		return now // nobody knows which ticks were run
	}
	from := o.Schedule.CreationTimestamp.Time
	if h := status.HandledUntil; h != nil && h.After(from) {
		from = h.Time
	}
	if from.Sub(o.Now) > maxAhead {
		return now
	}
	return from
}

// wasIdle reports whether the schedule created no runs until now.
func wasIdle(status *v1alpha1.TaskScheduleStatus) bool {
	before := apimeta.FindStatusCondition(status.Conditions, v1alpha1.ConditionReady)
	if before == nil {
		return false
	}
	switch before.Reason {
	case v1alpha1.ReasonSuspended, v1alpha1.ReasonTaskNotFound, v1alpha1.ReasonInvalidParams, v1alpha1.ReasonNotAllowedByTask,
		v1alpha1.ReasonInvalidSchedule, v1alpha1.ReasonInvalidTimeZone, v1alpha1.ReasonInvalidLabels, v1alpha1.ReasonUndecodable:
		return true
	default:
		return false
	}
}

// dueTicks returns the ticks after from and up to now that are run, oldest first: the newest ones, at most
// catchUpLimit, and none that is later than the starting deadline. It searches backwards from now, so that a month of
// seconds costs as much as a minute.
func dueTicks(s *v1alpha1.TaskSchedule, table Timetable, from, now time.Time) (due []time.Time) {
	earliest := time.Time{}
	if d := s.Spec.StartingDeadline; d != nil {
		earliest = now.Add(-d.Duration)
	}
	limit := max(1, int(s.Spec.CatchUpLimit))
	for tick := table.Last(now); tick.After(from) && !tick.Before(earliest) && len(due) < limit; tick = table.Last(tick.Add(-time.Second)) {
		due = append(due, tick)
	}
	slices.Reverse(due)
	return due
}

// passedOver returns the first and the last tick after plan.from that are neither run nor still to come.
func passedOver(table Timetable, plan Plan, now time.Time) *[2]time.Time {
	end := now
	if len(plan.Runs) > 0 {
		end = plan.Runs[0].Tick.Add(-time.Second)
	}
	first := table.Next(plan.from)
	if first.After(end) {
		return nil
	}
	return &[2]time.Time{first, table.Last(end)}
}
