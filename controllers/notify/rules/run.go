// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"slices"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// Defaults of a Subscription.
const (
	defaultInARow      = 3
	defaultLatePercent = 200
	defaultQueuedFor   = 15 * time.Minute
)

// Subscription is what one target wants to know about the runs of a Task.
type Subscription struct {
	// Events are the wanted ones. Empty means Default.
	Events []Event
	// InARow is how many failures make FailedInARow. Zero means 3.
	InARow int
	// Expected is how long a run may take. Zero means that the 95th percentile of the Task's completed runs decides.
	Expected time.Duration
	// LatePercent is how much of that percentile a run may take. Zero means 200.
	LatePercent int
	// QueuedFor is how long a run may wait for its start. Zero means 15 minutes.
	QueuedFor time.Duration
	// Since is when the subscription began. Earlier events are not due.
	Since time.Time
}

// Observation is all that the events of one run depend on.
type Observation struct {
	Now       time.Time
	Execution *v1alpha1.TaskExecution
	// Durations are those of the Task's completed runs, or nil.
	Durations *v1alpha1.RunDurations
	// Before are the phases of the Task's runs that ended before this one, newest first (EndedBefore). They are needed
	// only once the run has ended.
	Before []v1alpha1.Phase
	// Oldest is how old an event may be. Older ones are not due. Zero means any age.
	Oldest time.Duration
}

// Due is an event of a run.
type Due struct {
	Event Event
	// At is when it happened.
	At time.Time
	// InARow is how many runs failed in a row, with this one. It is set for Failed and FailedInARow, and for Recovered
	// it is how many failed before.
	InARow int
	// Limit is what was exceeded, for Late and QueuedTooLong.
	Limit time.Duration
}

// rule judges one event. ok reports whether the run makes it. If not, a later time in due.At says when it would.
type rule struct {
	event Event
	judge func(o *Observation, s *Subscription) (due Due, ok bool)
}

// table has the rules, in the order in which messages about one run are sent.
var table = []rule{
	{QueuedTooLong, queuedTooLong},
	{Late, late},
	{NotRun, refused},
	{Failed, failed},
	{FailedInARow, failedInARow},
	{Recovered, recovered},
	{Completed, completed},
	{Cancelled, cancelled},
	{LogIncomplete, logIncomplete},
}

// Judge returns the events that a run makes for a subscription, and after how long to judge again. wait is zero if only
// a change of the run can make another event. A copy of an earlier run makes none: its original did.
func Judge(o Observation, s Subscription) (due []Due, wait time.Duration) {
	if o.Execution.Status.Reason == v1alpha1.ReasonRestoredCopy {
		return nil, 0
	}
	for _, r := range table {
		if !s.wants(r.event) {
			continue
		}
		d, ok := r.judge(&o, &s)
		switch {
		case ok && s.fresh(&o, d.At):
			d.Event = r.event
			due = append(due, d)
		case !ok && d.At.After(o.Now):
			if left := d.At.Sub(o.Now); wait == 0 || left < wait {
				wait = left
			}
		}
	}
	return slices.DeleteFunc(due, func(d Due) bool { return replaced(d.Event, due) }), wait
}

// replaced reports whether a stronger event of the same run is due.
func replaced(e Event, due []Due) bool {
	return slices.ContainsFunc(due, func(other Due) bool { return slices.Contains(stronger[e], other.Event) })
}

func (s *Subscription) wants(e Event) bool {
	if len(s.Events) == 0 {
		return slices.Contains(Default(), e)
	}
	return slices.Contains(s.Events, e)
}

// fresh reports whether an event is neither from before the subscription nor too old.
func (s *Subscription) fresh(o *Observation, at time.Time) bool {
	return !at.Before(s.Since) && (o.Oldest == 0 || o.Now.Sub(at) <= o.Oldest)
}
