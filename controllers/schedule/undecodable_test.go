// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"strings"
	"testing"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// A schedule with an undecodable field creates no runs and names the field. When the field is fixed, the ticks of the
// meantime are not caught up.
func TestCase21ScheduleThatDoesNotDecode(t *testing.T) {
	s := aSchedule(handledUntil(created))
	s.Undecoded = v1alpha1.Undecoded{{Path: "spec.jitter", Problem: `"5 parsecs" is no duration`}}
	now := created.Add(10 * time.Minute)
	plan := Decide(Observation{Now: now, Schedule: s, Task: aTask()})
	if len(plan.Runs) > 0 || plan.Ready.Reason != v1alpha1.ReasonUndecodable || !strings.Contains(plan.Ready.Message, `spec.jitter: "5 parsecs"`) {
		t.Errorf("%d runs, %+v", len(plan.Runs), plan.Ready)
	}
	s.Status = plan.Status(s, nil)
	s.Undecoded = nil
	plan = Decide(Observation{Now: now.Add(30 * time.Second), Schedule: s, Task: aTask()})
	if len(plan.Runs) > 0 || plan.PassedOver != nil || plan.Ready.Reason != v1alpha1.ReasonScheduled {
		t.Errorf("mended: %d runs, passed over %v, %+v", len(plan.Runs), plan.PassedOver, plan.Ready)
	}
}

// If it is unknown which ticks were run, none is run twice.
func TestCase21ScheduleWhoseProgressDoesNotDecode(t *testing.T) {
	s := aSchedule(handledUntil(created.Add(9*time.Minute)), func(s *v1alpha1.TaskSchedule) { s.Spec.CatchUpLimit = 100 })
	s.Status.HandledUntil = nil
	s.Undecoded = v1alpha1.Undecoded{{Path: "status.handledUntil", Problem: "is no time"}}
	plan := Decide(Observation{Now: created.Add(10 * time.Minute), Schedule: s, Task: aTask()})
	if len(plan.Runs) > 0 || plan.PassedOver != nil || plan.Ready.Reason != v1alpha1.ReasonScheduled {
		t.Errorf("%d runs, passed over %v, %+v", len(plan.Runs), plan.PassedOver, plan.Ready)
	}
}
