// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package taskschedule

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/apianswer"
	"github.com/taskexec/taskexec/controllers/backlog"
	"github.com/taskexec/taskexec/controllers/schedule"
)

var created = time.Date(2026, 1, 1, 0, 0, 30, 0, time.UTC)

// lab is a reconciler of one schedule that ticks each minute, with an API server in memory.
type lab struct {
	*Reconciler
	api    client.WithWatch
	clock  *clocktesting.FakePassiveClock
	events *events.FakeRecorder
	key    client.ObjectKey
	// refuse, when set, returns the error of a create.
	refuse func(e *v1alpha1.TaskExecution) error
	// seen, when set, is the schedule that the cache shows.
	seen *v1alpha1.TaskSchedule
	// withoutTask makes the cache lack the task.
	withoutTask bool
	// full, when set, reports that no more runs may wait.
	full func(task types.NamespacedName, size int64) *backlog.Full
	// writes counts the status writes.
	writes int
}

func newLab(t *testing.T, change func(*v1alpha1.TaskScheduleSpec)) *lab {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	s := &v1alpha1.TaskSchedule{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "nightly", UID: "uid-1", Generation: 1, CreationTimestamp: metav1.NewTime(created)}}
	s.Spec.TaskRef.Name, s.Spec.Schedule, s.Spec.CatchUpLimit = "sync", "* * * * *", 1
	change(&s.Spec)
	task := &v1alpha1.Task{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "sync"}}
	l := &lab{clock: clocktesting.NewFakePassiveClock(created), events: events.NewFakeRecorder(100), key: client.ObjectKeyFromObject(s)}
	l.api = fake.NewClientBuilder().WithScheme(scheme).WithStatusSubresource(s).WithObjects(s, task).Build()
	cached := interceptor.NewClient(l.api, interceptor.Funcs{
		Get: func(ctx context.Context, api client.WithWatch, key client.ObjectKey, o client.Object, options ...client.GetOption) error {
			if s, ok := o.(*v1alpha1.TaskSchedule); ok && l.seen != nil {
				l.seen.DeepCopyInto(s)
				return nil
			}
			if _, ok := o.(*v1alpha1.Task); ok && l.withoutTask {
				return apierrors.NewNotFound(v1alpha1.GroupVersion.WithResource("tasks").GroupResource(), key.Name)
			}
			return api.Get(ctx, key, o, options...)
		},
		Create: func(ctx context.Context, api client.WithWatch, o client.Object, options ...client.CreateOption) error {
			if e, ok := o.(*v1alpha1.TaskExecution); ok && l.refuse != nil {
				if err := l.refuse(e); err != nil {
					return err
				}
			}
			return api.Create(ctx, o, options...)
		},
		SubResourcePatch: func(ctx context.Context, api client.Client, sub string, o client.Object, patch client.Patch, options ...client.SubResourcePatchOption) error {
			l.writes++
			return api.SubResource(sub).Patch(ctx, o, patch, options...)
		},
	})
	l.Reconciler = &Reconciler{Client: cached, Live: l.api, Recorder: l.events, Clock: l.clock, BacklogFull: func(task types.NamespacedName, size int64) *backlog.Full {
		if l.full == nil {
			return nil
		}
		return l.full(task, size)
	}}
	return l
}

// at reconciles at a time after the creation, and returns how long to wait.
func (l *lab) at(t *testing.T, after time.Duration) time.Duration {
	t.Helper()
	l.clock.SetTime(created.Add(after))
	result, err := l.Reconcile(t.Context(), ctrl.Request{NamespacedName: l.key})
	if err != nil {
		t.Fatal(err)
	}
	return result.RequeueAfter
}

func (l *lab) schedule(t *testing.T) *v1alpha1.TaskSchedule {
	t.Helper()
	s := &v1alpha1.TaskSchedule{}
	if err := l.api.Get(t.Context(), l.key, s); err != nil {
		t.Fatal(err)
	}
	return s
}

// wantRuns checks which ticks have runs, by hour and minute.
func (l *lab) wantRuns(t *testing.T, want ...string) {
	t.Helper()
	list := &v1alpha1.TaskExecutionList{}
	if err := l.api.List(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	got := []string{}
	for i := range list.Items {
		got = append(got, list.Items[i].Annotations[v1alpha1.AnnotationScheduledAt][11:16])
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("runs of %v, want %v", got, want)
	}
}

func (l *lab) wantReason(t *testing.T, reason string) {
	t.Helper()
	if c := apimeta.FindStatusCondition(l.schedule(t).Status.Conditions, v1alpha1.ConditionReady); c == nil || c.Reason != reason {
		t.Errorf("ready: %+v, want %s", c, reason)
	}
}

func TestCase2CacheWithoutTheTaskOfASchedule(t *testing.T) {
	l := newLab(t, func(*v1alpha1.TaskScheduleSpec) {})
	l.at(t, 0)
	l.withoutTask = true
	l.at(t, 31*time.Second)
	l.wantReason(t, v1alpha1.ReasonScheduled)
	l.wantRuns(t, "00:01")
	if err := l.api.Delete(t.Context(), &v1alpha1.Task{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "sync"}}); err != nil {
		t.Fatal(err)
	}
	l.at(t, 91*time.Second)
	l.wantReason(t, v1alpha1.ReasonTaskNotFound)
	l.wantRuns(t, "00:01")
}

func TestARunCostsOneStatusWrite(t *testing.T) {
	l := newLab(t, func(*v1alpha1.TaskScheduleSpec) {})
	if wait := l.at(t, 0); wait != 30*time.Second || l.writes != 1 {
		t.Errorf("at first: wait %s, %d writes", wait, l.writes)
	}
	for i := range 5 {
		after := 30*time.Second + time.Duration(i)*time.Minute
		for _, again := range []time.Duration{3 * time.Millisecond, 10 * time.Second, 50 * time.Second} {
			if wait := l.at(t, after+again); wait != time.Minute-again {
				t.Errorf("%s after a tick it waits %s", again, wait)
			}
		}
		if l.writes != i+2 {
			t.Errorf("%d writes after %d runs", l.writes, i+1)
		}
	}
	l.wantRuns(t, "00:01", "00:02", "00:03", "00:04", "00:05")
	if len(l.events.Events) != 0 {
		t.Errorf("an ordinary run makes Events: %s", <-l.events.Events)
	}
}

func TestClockThatJumps(t *testing.T) {
	l := newLab(t, func(*v1alpha1.TaskScheduleSpec) {})
	l.at(t, 31*time.Second)
	if wait := l.at(t, time.Hour); wait > schedule.MaxWait {
		t.Errorf("it waits %s", wait)
	}
	l.wantRuns(t, "00:01", "01:00")
	if told := <-l.events.Events; !strings.Contains(told, v1alpha1.ReasonMissedSchedule) || !strings.Contains(told, "from 2026-01-01T00:02:00Z to 2026-01-01T00:59:00Z") {
		t.Errorf("it tells %q", told)
	}
	for back := 30 * time.Minute; back < time.Hour; back += time.Minute {
		if wait := l.at(t, back); wait > schedule.MaxWait || wait <= 0 {
			t.Errorf("with the clock set back it waits %s", wait)
		}
	}
	l.wantRuns(t, "00:01", "01:00")
	l.at(t, time.Hour+30*time.Second)
	l.wantRuns(t, "00:01", "01:00", "01:01")
}

// The cache shows the schedule as it was before its runs. Existing runs are found, and the record only goes forward.
func TestStaleCache(t *testing.T) {
	l := newLab(t, func(s *v1alpha1.TaskScheduleSpec) { s.CatchUpLimit = 100 })
	l.at(t, 0)
	l.seen = l.schedule(t)
	l.at(t, 30*time.Second)
	if wait := l.at(t, 90*time.Second); wait != apianswer.ConflictRetry {
		t.Errorf("on an older state it waits %s", wait)
	}
	l.wantRuns(t, "00:01", "00:02")
	if got := l.schedule(t).Status.LastScheduleTime; got.UTC().Format("15:04") != "00:02" {
		t.Errorf("on an older state the last run is of %s", got)
	}
	l.seen = nil
	l.at(t, 91*time.Second)
	l.wantRuns(t, "00:01", "00:02")
	if got := l.schedule(t).Status.LastScheduleTime; got.UTC().Format("15:04") != "00:02" {
		t.Errorf("the last run is of %s", got)
	}
}

func TestRunThatIsRefused(t *testing.T) {
	l := newLab(t, func(*v1alpha1.TaskScheduleSpec) {})
	resource := v1alpha1.GroupVersion.WithResource("taskexecutions").GroupResource()
	l.refuse = func(e *v1alpha1.TaskExecution) error {
		return apierrors.NewForbidden(resource, e.Name, errors.New("exceeded quota"))
	}
	if wait := l.at(t, 31*time.Second); wait <= 0 || wait > schedule.MaxWait {
		t.Errorf("refused, it waits %s", wait)
	}
	l.wantReason(t, v1alpha1.ReasonExecutionRefused)
	if told := <-l.events.Events; !strings.Contains(told, "exceeded quota") {
		t.Errorf("it tells %q", told)
	}
	l.refuse = nil
	l.at(t, 40*time.Second)
	l.wantReason(t, v1alpha1.ReasonScheduled)
	l.wantRuns(t, "00:01")
}

// If its namespace has no room for a run, a schedule does not create it and says so. It creates the run when there is
// room.
func TestCase49ScheduleSaysThatItsNamespaceIsFull(t *testing.T) {
	l := newLab(t, func(s *v1alpha1.TaskScheduleSpec) {
		s.Params = &apiextensionsv1.JSON{Raw: []byte(`{"x":"` + strings.Repeat("x", 5000) + `"}`)}
	})
	l.full = func(task types.NamespacedName, size int64) *backlog.Full {
		if size < 5000 {
			t.Errorf("it asks for %d bytes", size)
		}
		return backlog.Limits{Bytes: 7000}.Judge(task.Namespace, backlog.Held{Runs: 3, Bytes: 6999}, size)
	}
	l.at(t, 31*time.Second)
	l.wantRuns(t)
	l.wantReason(t, v1alpha1.ReasonExecutionRefused)
	if told := <-l.events.Events; !strings.Contains(told, "take 6999 bytes") || !strings.Contains(told, "--max-waiting-bytes-per-namespace") {
		t.Errorf("it tells %q", told)
	}
	l.full = nil
	l.at(t, 40*time.Second)
	l.wantReason(t, v1alpha1.ReasonScheduled)
	l.wantRuns(t, "00:01")
}

// Runs that were created before an error are recorded, and the rest is retried.
func TestRunThatFailsForNow(t *testing.T) {
	l := newLab(t, func(s *v1alpha1.TaskScheduleSpec) { s.CatchUpLimit = 3 })
	l.refuse = func(e *v1alpha1.TaskExecution) error {
		if strings.Contains(e.Name, "t000200z") {
			return apierrors.NewInternalError(errors.New("etcd is away"))
		}
		return nil
	}
	l.clock.SetTime(created.Add(3 * time.Minute))
	if _, err := l.Reconcile(t.Context(), ctrl.Request{NamespacedName: l.key}); err == nil || !strings.Contains(err.Error(), "etcd is away") {
		t.Errorf("got %v", err)
	}
	l.wantRuns(t, "00:01")
	if got := l.schedule(t).Status.HandledUntil; got.UTC().Format("15:04") != "00:01" {
		t.Errorf("handled until %s", got)
	}
	l.refuse = nil
	l.at(t, 3*time.Minute+time.Second)
	l.wantRuns(t, "00:01", "00:02", "00:03")
}

func TestScheduleThatIsGone(t *testing.T) {
	l := newLab(t, func(*v1alpha1.TaskScheduleSpec) {})
	if err := l.api.Delete(t.Context(), l.schedule(t)); err != nil {
		t.Fatal(err)
	}
	if wait := l.at(t, time.Hour); wait != 0 {
		t.Errorf("it waits %s for what is gone", wait)
	}
	l.wantRuns(t)
}

// The name of a tick's run is known before the tick. An execution of that name that somebody else created is a
// conflict.
func TestCase55RunMadeBeforehandIsAConflict(t *testing.T) {
	for name, c := range map[string]struct {
		forge func(*v1alpha1.TaskExecution)
		taken bool
	}{
		"what the schedule would make": {func(*v1alpha1.TaskExecution) {}, true},
		"a run of another Task":        {func(e *v1alpha1.TaskExecution) { e.Spec.TaskRef.Name = "other" }, false},
		"a run with other params":      {func(e *v1alpha1.TaskExecution) { e.Spec.Params = &apiextensionsv1.JSON{Raw: []byte(`{"a":1}`)} }, false},
		"a run with a timeout":         {func(e *v1alpha1.TaskExecution) { e.Spec.Timeout = &metav1.Duration{Duration: time.Hour} }, false},
		"a run of kubectl":             {func(e *v1alpha1.TaskExecution) { e.Spec.Trigger = v1alpha1.Trigger{Source: v1alpha1.TriggerKubectl} }, false},
		"a run of another time": {func(e *v1alpha1.TaskExecution) {
			e.Annotations[v1alpha1.AnnotationScheduledAt] = "2026-01-01T00:00:00Z"
		}, false},
		"a run of a schedule of the name": {func(e *v1alpha1.TaskExecution) { e.Labels[v1alpha1.LabelScheduleUID] = "other" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, func(*v1alpha1.TaskScheduleSpec) {})
			s := l.schedule(t)
			tick := time.Date(2026, 1, 1, 0, 1, 0, 0, time.UTC)
			plan := schedule.Decide(schedule.Observation{Now: tick.Add(time.Second), Schedule: s, Task: &v1alpha1.Task{}})
			if len(plan.Runs) != 1 {
				t.Fatalf("%d runs", len(plan.Runs))
			}
			forged := plan.Runs[0].Execution.DeepCopy()
			c.forge(forged)
			if err := l.api.Create(t.Context(), forged); err != nil {
				t.Fatal(err)
			}
			l.at(t, 31*time.Second)
			if c.taken {
				l.wantReason(t, v1alpha1.ReasonScheduled)
				return
			}
			l.wantReason(t, v1alpha1.ReasonNameConflict)
			if got := l.schedule(t).Status.LastExecution; got == forged.Name {
				t.Errorf("the schedule says that %s was its run", got)
			}
			if told := <-l.events.Events; !strings.Contains(told, v1alpha1.ReasonNameConflict) || !strings.Contains(told, "is not what this schedule would have made") {
				t.Errorf("it tells %q", told)
			}
		})
	}
}

// A schedule is suspended while its runs are created. The next reconcile sees it suspended and finds no runs, so the
// created ones must be recorded before.
func TestRunsAreRecordedWhereTheScheduleChangedMeanwhile(t *testing.T) {
	l := newLab(t, func(s *v1alpha1.TaskScheduleSpec) { s.CatchUpLimit = 10 })
	l.seen = l.schedule(t)
	suspended := l.schedule(t)
	suspended.Spec.Suspend = true
	if err := l.api.Update(t.Context(), suspended); err != nil {
		t.Fatal(err)
	}
	l.at(t, 2*time.Minute)
	l.wantRuns(t, "00:01", "00:02")
	l.seen = nil
	l.at(t, 2*time.Minute)
	l.wantReason(t, v1alpha1.ReasonSuspended)
	last := time.Date(2026, 1, 1, 0, 2, 0, 0, time.UTC)
	s := l.schedule(t).Status
	if s.LastExecution != schedule.ExecutionName("nightly", "uid-1", last) || !s.LastScheduleTime.Time.Equal(last) || !s.HandledUntil.Time.Equal(last) {
		t.Errorf("the status is %+v", s)
	}
	if writes := l.writes; writes > 3 {
		t.Errorf("%d writes", writes)
	}
}
