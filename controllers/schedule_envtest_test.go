// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/schedule"
)

// newSchedule returns a schedule that ticks each second and skips nothing.
func newSchedule(namespace string) *v1alpha1.TaskSchedule {
	s := &v1alpha1.TaskSchedule{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "nightly"}}
	s.Spec.TaskRef.Name = "sync"
	s.Spec.Schedule = "* * * * * *"
	s.Spec.CatchUpLimit = 100
	return s
}

func runsOf(t *testing.T, s *v1alpha1.TaskSchedule) (ticks []string) {
	t.Helper()
	list := &v1alpha1.TaskExecutionList{}
	if err := kube.List(t.Context(), list, client.InNamespace(s.Namespace), client.MatchingLabels{v1alpha1.LabelScheduleUID: string(s.UID)}); err != nil {
		t.Fatal(err)
	}
	for i := range list.Items {
		if e := &list.Items[i]; !schedule.IsOf(e, s) || len(e.OwnerReferences) != 0 {
			t.Errorf("a run of the schedule is not as it should be: %+v", e)
		}
		ticks = append(ticks, list.Items[i].Annotations[v1alpha1.AnnotationScheduledAt])
	}
	slices.Sort(ticks)
	return ticks
}

// ran waits until a schedule has created at least n runs.
func ran(t *testing.T, s *v1alpha1.TaskSchedule, n int) (ticks []string) {
	t.Helper()
	eventually(t, "the schedule made its runs", func() (bool, any) {
		ticks = runsOf(t, s)
		return len(ticks) >= n, ticks
	})
	return ticks
}

// withoutGaps checks that there is a run for each second from the first to the last.
func withoutGaps(t *testing.T, ticks []string) {
	t.Helper()
	for i := 1; i < len(ticks); i++ {
		before, err := time.Parse(time.RFC3339, ticks[i-1])
		if err != nil {
			t.Fatal(err)
		}
		if want := before.Add(time.Second).Format(time.RFC3339); ticks[i] != want {
			t.Errorf("after the run of %s comes that of %s", ticks[i-1], ticks[i])
		}
	}
}

// recorded waits until the schedule's status names a run.
func recorded(t *testing.T, s *v1alpha1.TaskSchedule) {
	t.Helper()
	eventually(t, "a run is recorded", func() (bool, any) {
		read(t, s)
		return s.Status.LastExecution != "", s.Status
	})
}

func isReady(t *testing.T, s *v1alpha1.TaskSchedule, status metav1.ConditionStatus, reason string) {
	t.Helper()
	eventually(t, "the schedule is "+reason, func() (bool, any) {
		read(t, s)
		c := apimeta.FindStatusCondition(s.Status.Conditions, v1alpha1.ConditionReady)
		return c != nil && c.Status == status && c.Reason == reason && c.ObservedGeneration == s.Generation && s.Status.ObservedGeneration == s.Generation, s.Status
	})
}

func patchSchedule(t *testing.T, s *v1alpha1.TaskSchedule, change func(*v1alpha1.TaskScheduleSpec)) {
	t.Helper()
	read(t, s)
	before := s.DeepCopy()
	change(&s.Spec)
	if err := kube.Patch(t.Context(), s, client.MergeFrom(before)); err != nil {
		t.Fatal(err)
	}
}

func TestTickMakesOneRun(t *testing.T) {
	ns := namespace(t)
	operator(t)
	create(t, newTask(ns))
	s := newSchedule(ns)
	s.Spec.Params, s.Spec.Timeout = object(`{"mid":1}`), &metav1.Duration{Duration: time.Minute}
	create(t, s)
	ticks := ran(t, s, 3)
	withoutGaps(t, ticks)
	if ticks[0] <= s.CreationTimestamp.UTC().Format(time.RFC3339) {
		t.Errorf("the first run is of %s, and the schedule was created at %s", ticks[0], s.CreationTimestamp)
	}
	isReady(t, s, metav1.ConditionTrue, v1alpha1.ReasonScheduled)
	recorded(t, s)
	last := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: s.Status.LastExecution}}
	read(t, last)
	if last.Name != schedule.ExecutionName(s.Name, s.UID, s.Status.LastScheduleTime.Time) {
		t.Errorf("the last run %s is not that of %s", last.Name, s.Status.LastScheduleTime)
	}
	if !s.Status.NextScheduleTime.After(s.Status.LastScheduleTime.Time) || !s.Status.HandledUntil.Equal(s.Status.LastScheduleTime) {
		t.Errorf("status: %+v", s.Status)
	}
	if last.Spec.Trigger.Time == nil || last.Spec.Trigger.Cluster == "" {
		t.Errorf("it does not carry when and where it was requested: %+v", last.Spec.Trigger)
	}
	last.Spec.Trigger.Time, last.Spec.Trigger.Cluster = nil, ""
	if last.Spec.Trigger != (v1alpha1.Trigger{Source: v1alpha1.TriggerSchedule, Name: "nightly"}) ||
		string(last.Spec.Params.Raw) != `{"mid":1}` || last.Spec.Timeout.Duration != time.Minute {
		t.Errorf("spec of the run: %+v", last.Spec)
	}
	reaches(t, last, v1alpha1.PhasePending, v1alpha1.ReasonJobCreated)
}

// The controller died after it created runs and before it recorded them. They are found by their names.
func TestRunsMadeBeforeACrashAreNotMadeAgain(t *testing.T) {
	ns := namespace(t)
	create(t, newTask(ns))
	s := newSchedule(ns)
	create(t, s)
	first := s.CreationTimestamp.Add(time.Second)
	var names []string
	for i := range 2 {
		eventually(t, "the tick is over", func() (bool, any) { return time.Now().After(first.Add(time.Duration(i) * time.Second)), nil })
		plan := schedule.Decide(schedule.Observation{Now: first.Add(time.Duration(i) * time.Second), Schedule: s, Task: newTask(ns)})
		run := plan.Runs[len(plan.Runs)-1]
		create(t, run.Execution)
		names = append(names, string(run.Execution.UID))
	}
	operator(t)
	ticks := ran(t, s, 4)
	withoutGaps(t, ticks)
	if ticks[0] != first.UTC().Format(time.RFC3339) {
		t.Errorf("the first run is of %s, want %s", ticks[0], first)
	}
	for i, uid := range names {
		e := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: schedule.ExecutionName(s.Name, s.UID, first.Add(time.Duration(i)*time.Second))}}
		if read(t, e); string(e.UID) != uid {
			t.Errorf("the run %s was made again", e.Name)
		}
	}
	isReady(t, s, metav1.ConditionTrue, v1alpha1.ReasonScheduled)
}

func TestTwoControllersMakeEachRunOnce(t *testing.T) {
	ns := namespace(t)
	operator(t)
	stopSecond := operator(t)
	create(t, newTask(ns))
	s := newSchedule(ns)
	create(t, s)
	ran(t, s, 3)
	stopSecond()
	n := len(runsOf(t, s))
	withoutGaps(t, ran(t, s, n+2))
	isReady(t, s, metav1.ConditionTrue, v1alpha1.ReasonScheduled)
}

// After an absence, the controller creates the newest missed runs up to the limit, and goes on.
func TestMissedTicksAreBounded(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	stop := operatorIn(t, ns)
	create(t, newTask(ns))
	s := newSchedule(ns)
	s.Spec.CatchUpLimit = 2
	create(t, s)
	recorded(t, s)
	stop()
	back := time.Now().Add(6 * time.Second)
	eventually(t, "six ticks are missed", func() (bool, any) { return time.Now().After(back), nil })
	before := len(runsOf(t, s))
	operatorIn(t, ns)
	ticks := ran(t, s, before+3)
	missed := 0
	for i := 1; i < len(ticks); i++ {
		a, _ := time.Parse(time.RFC3339, ticks[i-1])
		b, _ := time.Parse(time.RFC3339, ticks[i])
		missed += int(b.Sub(a)/time.Second) - 1
	}
	if missed < 4 {
		t.Errorf("%d ticks were passed over, want at least 4 of the 6: %v", missed, ticks)
	}
	eventually(t, "an Event tells of it", func() (bool, any) { return eventTells(t, s, v1alpha1.ReasonMissedSchedule), nil })
}

func eventTells(t *testing.T, s *v1alpha1.TaskSchedule, reason string) bool {
	t.Helper()
	events := &corev1.EventList{}
	if err := kube.List(t.Context(), events, client.InNamespace(s.Namespace)); err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(events.Items, func(event corev1.Event) bool {
		return event.Reason == reason && event.InvolvedObject.UID == s.UID
	})
}

func TestResumeMakesUpForNothing(t *testing.T) {
	ns := namespace(t)
	operator(t)
	create(t, newTask(ns))
	s := newSchedule(ns)
	create(t, s)
	ran(t, s, 1)
	patchSchedule(t, s, func(spec *v1alpha1.TaskScheduleSpec) { spec.Suspend = true })
	isReady(t, s, metav1.ConditionTrue, v1alpha1.ReasonSuspended)
	if s.Status.NextScheduleTime != nil {
		t.Errorf("a suspended schedule has a next run at %s", s.Status.NextScheduleTime)
	}
	before := runsOf(t, s)
	later := time.Now().Add(3 * time.Second)
	eventually(t, "ticks go by", func() (bool, any) { return time.Now().After(later), nil })
	if after := runsOf(t, s); len(after) != len(before) {
		t.Errorf("suspended, it made %d runs", len(after)-len(before))
	}
	resumed := time.Now().UTC().Truncate(time.Second).Format(time.RFC3339)
	patchSchedule(t, s, func(spec *v1alpha1.TaskScheduleSpec) { spec.Suspend = false })
	ticks := ran(t, s, len(before)+2)[len(before):]
	withoutGaps(t, ticks)
	if ticks[0] <= resumed {
		t.Errorf("resumed at %s, it ran the tick of %s", resumed, ticks[0])
	}
}

func TestAnotherTimeZoneCountsFromNow(t *testing.T) {
	ns := namespace(t)
	stop := operator(t)
	create(t, newTask(ns))
	s := newSchedule(ns)
	// The schedule is due daily at the hour and minute of an hour ago in UTC. Each zone reaches that time at another
	// instant.
	s.Spec.Schedule = time.Now().UTC().Add(-time.Hour).Format("4 15 * * *")
	create(t, s)
	isReady(t, s, metav1.ConditionTrue, v1alpha1.ReasonScheduled)
	stop() // or it catches up in the old zone before it sees the new one
	patchStatus(t, s, func() { s.Status.HandledUntil = &metav1.Time{Time: time.Now().Add(-48 * time.Hour)} })
	for i, zone := range []string{"Asia/Shanghai", "America/Los_Angeles", "Etc/GMT-1"} {
		patchSchedule(t, s, func(spec *v1alpha1.TaskScheduleSpec) { spec.TimeZone = zone })
		if i == 0 {
			operator(t)
		}
		isReady(t, s, metav1.ConditionTrue, v1alpha1.ReasonScheduled)
		location, err := schedule.LoadZone(zone)
		if err != nil {
			t.Fatal(err)
		}
		next := s.Status.NextScheduleTime.In(location)
		if next.Format("4 15 * * *") != s.Spec.Schedule || !next.After(time.Now()) || time.Until(next) > 25*time.Hour {
			t.Errorf("in %s the next run is at %s, and the schedule %s", zone, next, s.Spec.Schedule)
		}
		if s.Status.ObservedSchedule != s.Spec.Schedule+" "+zone {
			t.Errorf("observed %q", s.Status.ObservedSchedule)
		}
	}
	if ticks := runsOf(t, s); len(ticks) != 0 {
		t.Errorf("changing the zone made runs: %v", ticks)
	}
}

func TestDeletedScheduleLeavesItsRuns(t *testing.T) {
	ns := namespace(t)
	operator(t)
	create(t, newTask(ns))
	s := newSchedule(ns)
	create(t, s)
	ran(t, s, 2)
	if err := kube.Delete(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	gone(t, s)
	later := newSchedule(ns)
	later.Name, later.Spec.Suspend = "later", true
	create(t, later)
	isReady(t, later, metav1.ConditionTrue, v1alpha1.ReasonSuspended) // so the controller has seen the deletion before
	n := len(runsOf(t, s))                                            // one may just have been created
	until := time.Now().Add(2500 * time.Millisecond)
	eventually(t, "ticks go by", func() (bool, any) { return time.Now().After(until), nil })
	if after := len(runsOf(t, s)); after < 2 || after > n+1 {
		t.Errorf("%d runs right after the deletion, and %d later", n, after)
	}
}

func TestScheduleWaitsForItsTaskAndForRightParams(t *testing.T) {
	ns := namespace(t)
	operator(t)
	s := newSchedule(ns)
	create(t, s)
	isReady(t, s, metav1.ConditionFalse, v1alpha1.ReasonTaskNotFound)
	eventually(t, "an Event tells of it", func() (bool, any) { return eventTells(t, s, v1alpha1.ReasonTaskNotFound), nil })
	task := newTask(ns)
	task.Spec.Parameters = object(`{"type":"object","required":["mid"]}`)
	create(t, task)
	isReady(t, s, metav1.ConditionFalse, v1alpha1.ReasonInvalidParams)
	if ticks := runsOf(t, s); len(ticks) != 0 {
		t.Errorf("it made runs: %v", ticks)
	}
	patchSchedule(t, s, func(spec *v1alpha1.TaskScheduleSpec) { spec.Schedule = "61 * * * *" })
	isReady(t, s, metav1.ConditionFalse, v1alpha1.ReasonInvalidSchedule)
	patchSchedule(t, s, func(spec *v1alpha1.TaskScheduleSpec) { spec.Schedule, spec.Params = "* * * * * *", object(`{"mid":1}`) })
	withoutGaps(t, ran(t, s, 2))
}

// Somebody else's execution has the name of a tick's run. It is left alone and reported.
func TestRunOfAnotherIsLeftAlone(t *testing.T) {
	ns := namespace(t)
	create(t, newTask(ns))
	s := newSchedule(ns)
	create(t, s)
	tick := s.CreationTimestamp.Add(time.Second)
	foreign := newExecution(ns)
	foreign.Name = schedule.ExecutionName(s.Name, s.UID, tick)
	create(t, foreign)
	eventually(t, "the tick is over", func() (bool, any) { return time.Now().After(tick), nil })
	operator(t)
	eventually(t, "an Event tells of it", func() (bool, any) { return eventTells(t, s, v1alpha1.ReasonNameConflict), nil })
	ran(t, s, 1)
	isReady(t, s, metav1.ConditionTrue, v1alpha1.ReasonScheduled)
	before := foreign.UID
	if read(t, foreign); foreign.UID != before || foreign.Spec.Trigger.Source != v1alpha1.TriggerKubectl {
		t.Errorf("the foreign execution was touched: %+v", foreign)
	}
}

func TestScheduleIsValidatedByItsCRD(t *testing.T) {
	ns := namespace(t)
	for name, change := range map[string]func(*v1alpha1.TaskScheduleSpec){
		"no task":                   func(s *v1alpha1.TaskScheduleSpec) { s.TaskRef.Name = "" },
		"no schedule":               func(s *v1alpha1.TaskScheduleSpec) { s.Schedule = "" },
		"a negative jitter":         func(s *v1alpha1.TaskScheduleSpec) { s.Jitter = &metav1.Duration{Duration: -time.Second} },
		"jitter of more than a day": func(s *v1alpha1.TaskScheduleSpec) { s.Jitter = &metav1.Duration{Duration: 25 * time.Hour} },
		"no time to start":          func(s *v1alpha1.TaskScheduleSpec) { s.StartingDeadline = &metav1.Duration{} },
		"timeout under a second":    func(s *v1alpha1.TaskScheduleSpec) { s.Timeout = &metav1.Duration{} },
		"no limit":                  func(s *v1alpha1.TaskScheduleSpec) { s.CatchUpLimit = 1000 },
		"params that are a list":    func(s *v1alpha1.TaskScheduleSpec) { s.Params = object(`[1]`) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSchedule(ns)
			change(&s.Spec)
			if err := kube.Create(t.Context(), s); err == nil {
				t.Error("it was accepted")
			}
		})
	}
	s := newSchedule(ns)
	s.Spec.CatchUpLimit = 0
	create(t, s)
	if s.Spec.CatchUpLimit != 1 {
		t.Errorf("catchUpLimit is %d by default, want 1", s.Spec.CatchUpLimit)
	}
}

// The controller restarts again and again while a schedule ticks each second. Each tick has exactly one run, and no run
// was created twice.
func TestScheduleTicksThroughRestarts(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	create(t, newTask(ns))
	made, err := kube.Watch(t.Context(), &v1alpha1.TaskExecutionList{}, client.InNamespace(ns))
	if err != nil {
		t.Fatal(err)
	}
	defer made.Stop()
	s := newSchedule(ns)
	create(t, s)
	for restart := range 5 {
		stop := operatorIn(t, ns)
		ran(t, s, 2*(restart+1))
		stop()
	}
	ticks := runsOf(t, s)
	withoutGaps(t, ticks)
	for n := 0; n < len(ticks); {
		event := <-made.ResultChan()
		if event.Type == watch.Added {
			n++
		}
		if event.Type == watch.Deleted || event.Object == nil {
			t.Fatalf("a run is gone: %v", event)
		}
	}
	select {
	case event := <-made.ResultChan():
		if event.Type == watch.Added {
			t.Errorf("more runs were made than there are: %v", event.Object)
		}
	default:
	}
}
