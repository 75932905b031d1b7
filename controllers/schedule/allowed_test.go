// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// A schedule that asks for a longer timeout than its Task allows creates no runs and says so. When the Task allows it,
// ticks count from then on.
func TestCase57ScheduleAsksForNoMoreThanItsTaskAllows(t *testing.T) {
	task := aTask()
	task.Spec.Timeout = duration(time.Minute)
	s := aSchedule(func(s *v1alpha1.TaskSchedule) { s.Spec.Timeout = duration(2 * time.Minute) })
	at := created.Add(time.Hour)
	plan := Decide(Observation{Now: at, Schedule: s, Task: task})
	if plan.Ready.Status != metav1.ConditionFalse || plan.Ready.Reason != v1alpha1.ReasonNotAllowedByTask ||
		!strings.Contains(plan.Ready.Message, "the longest is 1m0s") || len(plan.Runs) > 0 {
		t.Errorf("%+v", plan)
	}
	s.Status = plan.Status(s, nil)
	task.Spec.MaxTimeout = duration(2 * time.Minute)
	plan = Decide(Observation{Now: at, Schedule: s, Task: task})
	if plan.Ready.Status != metav1.ConditionTrue || len(plan.Runs) > 0 {
		t.Errorf("once it is allowed: %+v", plan)
	}
}
