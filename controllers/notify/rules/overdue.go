// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"cmp"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

const (
	// enoughRuns is how many completed runs make a 95th percentile that means something.
	enoughRuns = 5
	// shortestLate is the least time that the percentile allows a run, so that a task of milliseconds is not late after
	// its image had to be pulled.
	shortestLate = time.Minute
)

// late judges a run that goes on. The time of suspensions does not count, as for the timeout.
func late(o *Observation, s *Subscription) (due Due, ok bool) {
	status, limit := &o.Execution.Status, s.expected(o.Durations)
	if limit == 0 || status.Phase.IsTerminal() {
		return Due{}, false
	}
	at, counts := status.Deadline(&metav1.Duration{Duration: limit})
	if !counts {
		return Due{}, false
	}
	return reached(o, at.Time, limit)
}

// expected returns how long a run may take. It is zero if nobody knows.
func (s *Subscription) expected(durations *v1alpha1.RunDurations) time.Duration {
	if s.Expected > 0 {
		return s.Expected
	}
	if durations == nil || durations.Runs < enoughRuns {
		return 0
	}
	percent := time.Duration(cmp.Or(s.LatePercent, defaultLatePercent))
	return max(shortestLate, durations.P95.Duration/100*percent)
}

// queuedTooLong judges a run whose first container has not started. The time counts from its creation.
func queuedTooLong(o *Observation, s *Subscription) (due Due, ok bool) {
	status := &o.Execution.Status
	if status.Phase.IsTerminal() || status.Phase == v1alpha1.PhaseCancelling || status.StartTime != nil {
		return Due{}, false
	}
	limit := cmp.Or(s.QueuedFor, defaultQueuedFor)
	return reached(o, o.Execution.CreationTimestamp.Add(limit), limit)
}

func reached(o *Observation, at time.Time, limit time.Duration) (due Due, ok bool) {
	return Due{At: at, Limit: limit}, !at.After(o.Now)
}
