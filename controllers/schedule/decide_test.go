// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

type change = func(*v1alpha1.TaskSchedule)

func ticks(p Plan) (out []string) {
	for _, run := range p.Runs {
		out = append(out, run.Tick.Format("02 15:04:05"))
	}
	return out
}

// The table says which ticks are run, which are skipped, and how long to wait. created is 00:00:30 on 1 January.
func TestWhatIsDue(t *testing.T) {
	clock := created.Add
	limit := func(n int32) change { return func(s *v1alpha1.TaskSchedule) { s.Spec.CatchUpLimit = n } }
	expression := func(text string) change { return func(s *v1alpha1.TaskSchedule) { s.Spec.Schedule = text } }
	deadline := func(d time.Duration) change {
		return func(s *v1alpha1.TaskSchedule) { s.Spec.StartingDeadline = duration(d) }
	}
	for name, c := range map[string]struct {
		now        time.Time
		changes    []change
		runs       []string
		passedOver [2]string
		wait       time.Duration
	}{
		"before the first tick":    {clock(10 * time.Second), nil, nil, [2]string{}, 20 * time.Second},
		"created long after ticks": {clock(0), nil, nil, [2]string{}, 30 * time.Second},
		"created at a tick":        {clock(30 * time.Second), []change{func(s *v1alpha1.TaskSchedule) { s.CreationTimestamp = metav1.NewTime(clock(30 * time.Second)) }}, nil, [2]string{}, time.Minute},
		"at a tick":                {clock(30 * time.Second), nil, []string{"01 00:01:00"}, [2]string{}, time.Minute},
		"just after a tick":        {clock(30*time.Second + time.Millisecond), nil, []string{"01 00:01:00"}, [2]string{}, time.Minute - time.Millisecond},
		"a tick that was handled":  {clock(31 * time.Second), []change{handledUntil(clock(30 * time.Second))}, nil, [2]string{}, 59 * time.Second},
		"the next tick is far":     {clock(0), []change{expression("@yearly")}, nil, [2]string{}, MaxWait},
		"two due, one run":         {clock(90 * time.Second), nil, []string{"01 00:02:00"}, [2]string{"01 00:01:00", "01 00:01:00"}, time.Minute},
		"two due, two run":         {clock(90 * time.Second), []change{limit(2)}, []string{"01 00:01:00", "01 00:02:00"}, [2]string{}, time.Minute},
		"fewer due than the limit": {clock(90 * time.Second), []change{limit(100)}, []string{"01 00:01:00", "01 00:02:00"}, [2]string{}, time.Minute},
		"too late":                 {clock(45 * time.Second), []change{deadline(10 * time.Second)}, nil, [2]string{"01 00:01:00", "01 00:01:00"}, 45 * time.Second},
		"just not too late":        {clock(40 * time.Second), []change{deadline(10 * time.Second)}, []string{"01 00:01:00"}, [2]string{}, 50 * time.Second},
		"some of them too late":    {clock(3 * time.Minute), []change{limit(100), deadline(90 * time.Second)}, []string{"01 00:02:00", "01 00:03:00"}, [2]string{"01 00:01:00", "01 00:01:00"}, 30 * time.Second},
		"a month of seconds": {
			clock(31*24*time.Hour + 500*time.Millisecond),
			[]change{expression("* * * * * *"), limit(3)},
			[]string{"01 00:00:28", "01 00:00:29", "01 00:00:30"},
			[2]string{"01 00:00:31", "01 00:00:27"},
			500 * time.Millisecond,
		},
		"clock set back a little": {clock(0), []change{handledUntil(clock(30 * time.Minute))}, nil, [2]string{}, MaxWait},
		"clock set back a lot":    {clock(time.Minute), []change{handledUntil(clock(24 * time.Hour))}, nil, [2]string{}, 30 * time.Second},
		"clock set back before the creation": {
			clock(-time.Minute), nil, nil, [2]string{}, MaxWait,
		},
		"another schedule":  {clock(time.Hour), []change{handledUntil(clock(0)), expression("30 0 * * *")}, nil, [2]string{}, MaxWait},
		"another zone":      {clock(time.Hour), []change{handledUntil(clock(0)), func(s *v1alpha1.TaskSchedule) { s.Spec.TimeZone = "Asia/Kathmandu" }}, nil, [2]string{}, 30 * time.Second},
		"resumed":           {clock(time.Hour), []change{handledUntil(clock(0)), was(v1alpha1.ReasonSuspended)}, nil, [2]string{}, 30 * time.Second},
		"its task came":     {clock(time.Hour), []change{was(v1alpha1.ReasonTaskNotFound)}, nil, [2]string{}, 30 * time.Second},
		"mended":            {clock(time.Hour), []change{was(v1alpha1.ReasonInvalidSchedule)}, nil, [2]string{}, 30 * time.Second},
		"refused before":    {clock(90 * time.Second), []change{limit(2), was(v1alpha1.ReasonExecutionRefused)}, []string{"01 00:01:00", "01 00:02:00"}, [2]string{}, time.Minute},
		"other params only": {clock(31 * time.Second), []change{handledUntil(clock(0)), func(s *v1alpha1.TaskSchedule) { s.Generation = 2 }}, []string{"01 00:01:00"}, [2]string{}, 59 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			plan := Decide(Observation{Now: c.now, Schedule: aSchedule(c.changes...), Task: aTask()})
			if got := ticks(plan); !slices.Equal(got, c.runs) {
				t.Errorf("runs %v, want %v", got, c.runs)
			}
			var over [2]string
			if plan.PassedOver != nil {
				over = [2]string{plan.PassedOver[0].Format("02 15:04:05"), plan.PassedOver[1].Format("02 15:04:05")}
			}
			if over != c.passedOver {
				t.Errorf("passed over %v, want %v", over, c.passedOver)
			}
			if (plan.Missed() != "") != (plan.PassedOver != nil) {
				t.Errorf("it tells %q of what was missed", plan.Missed())
			}
			if plan.Wait != c.wait {
				t.Errorf("it waits %s, want %s", plan.Wait, c.wait)
			}
			if plan.Ready.Status != metav1.ConditionTrue || plan.Ready.Reason != v1alpha1.ReasonScheduled {
				t.Errorf("ready: %+v", plan.Ready)
			}
		})
	}
}

func TestWhatKeepsAScheduleFromRunning(t *testing.T) {
	task := aTask()
	task.Spec.Parameters = object(`{"type":"object","required":["mid"],"properties":{"mid":{"type":"integer"}}}`)
	withParams := func(text string) change { return func(s *v1alpha1.TaskSchedule) { s.Spec.Params = object(text) } }
	labelled := func(key, value string) change {
		return func(s *v1alpha1.TaskSchedule) { s.Spec.Labels = map[string]string{key: value} }
	}
	strict := aTask()
	strict.Spec.AllowedLabels = []string{"cost"}
	broken := aTask()
	broken.Spec.Parameters = object(`{"type":"nothing"}`)
	for name, c := range map[string]struct {
		change change
		task   *v1alpha1.Task
		reason string
		status metav1.ConditionStatus
		says   string
	}{
		"no cron expression":    {func(s *v1alpha1.TaskSchedule) { s.Spec.Schedule = "x" }, task, v1alpha1.ReasonInvalidSchedule, "False", `"x" is no cron expression`},
		"no zone":               {func(s *v1alpha1.TaskSchedule) { s.Spec.TimeZone = "Mars" }, task, v1alpha1.ReasonInvalidTimeZone, "False", `no time zone "Mars"`},
		"a label of others":     {labelled("taskexec.dev/task", "x"), task, v1alpha1.ReasonInvalidLabels, "False", `"taskexec.dev/task": the label is reserved`},
		"a label that is none":  {labelled("team", "a b"), task, v1alpha1.ReasonInvalidLabels, "False", `"team": a valid label`},
		"a label not allowed":   {labelled("team", "billing"), strict, v1alpha1.ReasonNotAllowedByTask, "False", `"team": the task "sync" does not allow this label`},
		"a queue not allowed":   {labelled(v1alpha1.LabelKueueQueue, "fast"), task, v1alpha1.ReasonNotAllowedByTask, "False", `the queue "fast"`},
		"suspended":             {func(s *v1alpha1.TaskSchedule) { s.Spec.Suspend = true }, nil, v1alpha1.ReasonSuspended, "True", "suspended"},
		"suspended and invalid": {func(s *v1alpha1.TaskSchedule) { s.Spec.Suspend, s.Spec.Schedule = true, "x" }, nil, v1alpha1.ReasonInvalidSchedule, "False", ""},
		"no task":               {func(*v1alpha1.TaskSchedule) {}, nil, v1alpha1.ReasonTaskNotFound, "False", `task "sync" does not exist`},
		"params missing":        {func(*v1alpha1.TaskSchedule) {}, task, v1alpha1.ReasonInvalidParams, "False", "mid"},
		"params of a type":      {withParams(`{"mid":"x"}`), task, v1alpha1.ReasonInvalidParams, "False", "/mid"},
		"params that fit":       {withParams(`{"mid":1}`), task, v1alpha1.ReasonScheduled, "True", ""},
		"a broken task":         {withParams(`{"mid":1}`), broken, v1alpha1.ReasonScheduled, "True", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := aSchedule(c.change)
			plan := Decide(Observation{Now: created.Add(time.Hour), Schedule: s, Task: c.task})
			if plan.Ready.Reason != c.reason || plan.Ready.Status != c.status || !strings.Contains(plan.Ready.Message, c.says) {
				t.Errorf("ready: %+v", plan.Ready)
			}
			if idle := c.reason != v1alpha1.ReasonScheduled; idle != (len(plan.Runs) == 0 && plan.Wait == 0 && plan.PassedOver == nil) {
				t.Errorf("plan %+v", plan)
			}
			if status := plan.Status(s, nil); (status.NextScheduleTime == nil) != (c.reason != v1alpha1.ReasonScheduled) {
				t.Errorf("the next run is at %v", status.NextScheduleTime)
			}
		})
	}
}

// With jitter a tick keeps its time and name, and its run is created later. Nothing else differs.
func TestJitterDelaysWhatIsDue(t *testing.T) {
	jittered := func(s *v1alpha1.TaskSchedule) { s.Spec.Jitter = duration(50 * time.Minute) }
	s := aSchedule(jittered, func(s *v1alpha1.TaskSchedule) { s.Spec.Schedule = "@hourly" })
	late := Lateness(s)
	if late == 0 {
		t.Fatal("this UID has no jitter, which tests nothing")
	}
	tick := created.Truncate(time.Hour).Add(time.Hour)
	before := Decide(Observation{Now: tick.Add(late - time.Second), Schedule: s, Task: aTask()})
	if len(before.Runs) != 0 || !before.next.Equal(tick.Add(late)) || before.Wait != time.Second {
		t.Errorf("a second before: %+v", before)
	}
	due := Decide(Observation{Now: tick.Add(late), Schedule: s, Task: aTask()})
	if len(due.Runs) != 1 || !due.Runs[0].Tick.Equal(tick) || due.Runs[0].Execution.Name != ExecutionName("nightly", "uid-1", tick) {
		t.Errorf("when it is due: %+v", due)
	}
	handledUntil(tick)(s)
	for _, other := range []time.Duration{0, time.Minute, 24 * time.Hour} {
		s.Spec.Jitter = duration(other)
		if again := Decide(Observation{Now: tick.Add(59 * time.Minute), Schedule: s, Task: aTask()}); len(again.Runs) != 0 {
			t.Errorf("with a jitter of %s the tick runs again: %v", other, ticks(again))
		}
	}
}

// A schedule is reconciled often, late and irregularly, and status writes are lost. No tick is run twice, and with a
// sufficient limit none is skipped.
func TestEachTickRunsOnce(t *testing.T) {
	s := aSchedule(func(s *v1alpha1.TaskSchedule) { s.Spec.Schedule, s.Spec.CatchUpLimit = "* * * * * *", 100 })
	runs := map[string]int{}
	now := created
	for i := range 2000 {
		now = now.Add(time.Duration(i*7919%4700) * time.Millisecond)
		plan := Decide(Observation{Now: now, Schedule: s, Task: aTask()})
		var results []Result
		for _, run := range plan.Runs {
			runs[run.Execution.Name] = 1 // an existing name is not created again
			results = append(results, Result{})
		}
		if i%3 == 0 {
			continue // the controller dies before its status is written
		}
		s.Status = plan.Status(s, results)
	}
	if want := int(now.Sub(created) / time.Second); len(runs) != want {
		t.Errorf("%d ticks were run within %d seconds", len(runs), want)
	}
}

// Deciding after an absence of ten years costs next to nothing.
func BenchmarkDecideAfterTenYearsOfSeconds(b *testing.B) {
	s := aSchedule(func(s *v1alpha1.TaskSchedule) { s.Spec.Schedule = "* * * * * *" })
	o := Observation{Now: created.AddDate(10, 0, 0), Schedule: s, Task: aTask()}
	for b.Loop() {
		Decide(o)
	}
}
