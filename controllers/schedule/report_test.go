// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestStatusOfWhatBecameOfTheRuns(t *testing.T) {
	for name, c := range map[string]struct {
		results                 []Result
		handled, last, reason   string
		says                    string
		lastExecutionOfSchedule bool
	}{
		"all created":                   {[]Result{{}, {}}, "00:02:00", "00:02:00", v1alpha1.ReasonScheduled, "", true},
		"the second failed":             {[]Result{{}}, "00:01:00", "00:01:00", v1alpha1.ReasonScheduled, "", true},
		"the first failed":              {nil, "", "", v1alpha1.ReasonScheduled, "", false},
		"the first refused":             {[]Result{{Outcome: Refused, Message: "exceeded quota"}}, "", "", v1alpha1.ReasonExecutionRefused, "exceeded quota", false},
		"the second refused":            {[]Result{{}, {Outcome: Refused, Message: "exceeded quota"}}, "00:01:00", "00:01:00", v1alpha1.ReasonExecutionRefused, "00:02:00Z: exceeded quota", true},
		"the first is another's":        {[]Result{{Outcome: Conflict, Message: "is there"}, {}}, "00:02:00", "00:02:00", v1alpha1.ReasonNameConflict, "is there", true},
		"the second is another's":       {[]Result{{}, {Outcome: Conflict, Message: "is there"}}, "00:02:00", "00:01:00", v1alpha1.ReasonNameConflict, "is there", true},
		"another's, and then a refusal": {[]Result{{Outcome: Conflict}, {Outcome: Refused, Message: "no"}}, "00:01:00", "", v1alpha1.ReasonExecutionRefused, "no", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := aSchedule(func(s *v1alpha1.TaskSchedule) { s.Spec.CatchUpLimit = 2 })
			plan := Decide(Observation{Now: created.Add(90 * time.Second), Schedule: s, Task: aTask()})
			if len(plan.Runs) != 2 {
				t.Fatalf("runs: %v", ticks(plan))
			}
			status := plan.Status(s, c.results)
			if got := clockOf(status.HandledUntil); got != c.handled {
				t.Errorf("handled until %s, want %s", got, c.handled)
			}
			if got := clockOf(status.LastScheduleTime); got != c.last {
				t.Errorf("last at %s, want %s", got, c.last)
			}
			if got := clockOf(status.NextScheduleTime); got != "00:03:00" {
				t.Errorf("next at %s", got)
			}
			condition := apimeta.FindStatusCondition(status.Conditions, v1alpha1.ConditionReady)
			if condition.Reason != c.reason || !strings.Contains(condition.Message, c.says) || condition.ObservedGeneration != 1 || status.ObservedGeneration != 1 {
				t.Errorf("condition %+v", condition)
			}
			if (status.LastExecution != "") != c.lastExecutionOfSchedule {
				t.Errorf("last execution %q", status.LastExecution)
			}
		})
	}
}

// A reconcile without anything to do does not change the status.
func TestStatusIsAtRest(t *testing.T) {
	for name, s := range map[string]*v1alpha1.TaskSchedule{
		"new":              aSchedule(),
		"with jitter":      aSchedule(func(s *v1alpha1.TaskSchedule) { s.Spec.Jitter = duration(time.Hour) }),
		"suspended":        aSchedule(func(s *v1alpha1.TaskSchedule) { s.Spec.Suspend = true }),
		"invalid":          aSchedule(func(s *v1alpha1.TaskSchedule) { s.Spec.Schedule = "x" }),
		"resumed":          aSchedule(was(v1alpha1.ReasonSuspended)),
		"after a conflict": aSchedule(was(v1alpha1.ReasonNameConflict)),
		"set back a lot":   aSchedule(handledUntil(created.Add(24 * time.Hour))),
	} {
		t.Run(name, func(t *testing.T) {
			now := created.Add(5 * time.Second)
			s.Status = Decide(Observation{Now: now, Schedule: s, Task: aTask()}).Status(s, nil)
			again := Decide(Observation{Now: now.Add(10 * time.Second), Schedule: s, Task: aTask()}).Status(s, nil)
			if !equality.Semantic.DeepEqual(s.Status, again) {
				t.Errorf("from %+v to %+v", s.Status, again)
			}
		})
	}
}

// A conflict stays in the status until a run is created.
func TestConflictIsToldUntilARunIsMade(t *testing.T) {
	s := aSchedule()
	now := created.Add(31 * time.Second)
	reason := func() string { return apimeta.FindStatusCondition(s.Status.Conditions, v1alpha1.ConditionReady).Reason }
	s.Status = Decide(Observation{Now: now, Schedule: s, Task: aTask()}).Status(s, []Result{{Outcome: Conflict, Message: "it is there"}})
	s.Status = Decide(Observation{Now: now.Add(10 * time.Second), Schedule: s, Task: aTask()}).Status(s, nil)
	if reason() != v1alpha1.ReasonNameConflict {
		t.Errorf("ten seconds later: %s", reason())
	}
	s.Status = Decide(Observation{Now: now.Add(time.Minute), Schedule: s, Task: aTask()}).Status(s, []Result{{}})
	if reason() != v1alpha1.ReasonScheduled {
		t.Errorf("after a run: %s", reason())
	}
}

func clockOf(t interface{ UTC() time.Time }) string {
	if moment, ok := t.(interface{ IsZero() bool }); ok && moment.IsZero() {
		return ""
	}
	return t.UTC().Format("15:04:05")
}

// Skipped ticks are reported once, whether or not others are run.
func TestMissedIsToldOnce(t *testing.T) {
	for name, late := range map[string]time.Duration{"none is run": 29 * time.Second, "one is run": 0} {
		s := aSchedule(func(s *v1alpha1.TaskSchedule) { s.Spec.StartingDeadline = duration(10 * time.Second) })
		now := created.Add(150*time.Second + late)
		plan := Decide(Observation{Now: now, Schedule: s, Task: aTask()})
		if plan.Missed() == "" {
			t.Errorf("%s: nothing is told", name)
		}
		s.Status = plan.Status(s, make([]Result, len(plan.Runs)))
		if again := Decide(Observation{Now: now.Add(time.Second), Schedule: s, Task: aTask()}).Missed(); again != "" {
			t.Errorf("%s: it is told again: %s", name, again)
		}
	}
}

// The record of a schedule that changed meanwhile only goes forward, and not past a refused run.
func TestRecordGoesForwardOnly(t *testing.T) {
	tick := func(second int) time.Time { return created.Add(time.Duration(second) * time.Second) }
	plan := Plan{}
	for second := 1; second <= 3; second++ {
		e := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint("run-", second)}}
		plan.Runs = append(plan.Runs, Run{Tick: tick(second), Execution: e})
	}
	for name, c := range map[string]struct {
		handled  int // before, in seconds; 0 for nothing
		results  []Result
		want     string
		recorded int
	}{
		"none created":               {0, nil, "", 0},
		"all created":                {0, []Result{{}, {}, {}}, "run-3", 3},
		"the second is another's":    {0, []Result{{}, {Outcome: Conflict}}, "run-1", 2},
		"the third was refused":      {0, []Result{{}, {}, {Outcome: Refused}}, "run-2", 2},
		"another has recorded later": {9, []Result{{}, {}, {}}, "later", 9},
	} {
		s := aSchedule()
		if c.handled > 0 {
			s.Status.HandledUntil, s.Status.LastScheduleTime, s.Status.LastExecution = stamped(tick(c.handled)), stamped(tick(c.handled)), "later"
		}
		got := plan.Record(s, c.results)
		if got.LastExecution != c.want || c.recorded == 0 != (got.HandledUntil == nil) || c.recorded > 0 && !got.HandledUntil.Time.Equal(tick(c.recorded)) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
