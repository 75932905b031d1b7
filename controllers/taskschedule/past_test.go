// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package taskschedule

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/lifecycle"
	"github.com/taskexec/taskexec/controllers/pastruns"
	"github.com/taskexec/taskexec/controllers/schedule"
)

// archive has a run of each hourly tick up to a time, or an error.
type archive struct {
	upTo  time.Time
	err   error
	asked int
}

func (a *archive) Ended(_ context.Context, name types.NamespacedName) ([]lifecycle.PastRun, error) {
	a.asked++
	for tick := a.upTo; tick.After(created); tick = tick.Add(-time.Hour) {
		if name.Name == schedule.ExecutionName("nightly", "uid-1", tick) {
			return []lifecycle.PastRun{{Name: name, UID: "gone", Phase: v1alpha1.PhaseCompleted}}, a.err
		}
	}
	return nil, a.err
}

func (l *lab) with(a pastruns.Archive) *lab {
	l.Past = pastruns.New(pastruns.Options{Archive: a, Clock: l.clock, Log: logr.Discard()})
	return l
}

// settles reconciles at a time until the archive has answered.
func (l *lab) settles(t *testing.T, after time.Duration) {
	t.Helper()
	for range 20 {
		if wait := l.at(t, after); wait > askAgain {
			return
		}
		synctest.Wait()
	}
	t.Fatal("the schedule waits for the archive without end")
}

const week = 7 * 24 * time.Hour

// The store went back by a week, with the schedule's status. Of the week, no more than the limit is made up for, and no
// tick that the archive knows. The schedule ticks each hour, and comes back half an hour after a tick.
func TestCase64StoreThatWentBackAWeek(t *testing.T) {
	back := week + 30*time.Minute
	last := created.Add(back).Truncate(time.Hour)
	for name, c := range map[string]struct {
		archive *archive
		limit   int32
		want    []string
	}{
		"none of the ticks was run": {&archive{}, 3, []string{"00:00", "22:00", "23:00"}},
		"all of them were":          {&archive{upTo: last}, 3, []string{}},
		"all but the last":          {&archive{upTo: last.Add(-time.Hour)}, 3, []string{"00:00"}},
		"all, and the limit is one": {&archive{upTo: last}, 1, []string{}},
		"none, and the limit is 1":  {&archive{}, 1, []string{"00:00"}},
		"the archive is away":       {&archive{err: errors.New("away")}, 3, []string{"00:00", "22:00", "23:00"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t, func(s *v1alpha1.TaskScheduleSpec) { s.Schedule, s.CatchUpLimit = "@hourly", c.limit }).with(c.archive)
				l.settles(t, back)
				l.wantRuns(t, c.want...)
				if s := l.schedule(t); !s.Status.HandledUntil.Time.Equal(last) {
					t.Errorf("handled until %s, want %s", s.Status.HandledUntil, last)
				}
				if asked := c.archive.asked; asked > int(c.limit) || c.archive.err != nil && asked > 1 {
					t.Errorf("the archive was asked %d times", asked)
				}
				if told := <-l.events.Events; !strings.Contains(told, v1alpha1.ReasonMissedSchedule) {
					t.Errorf("it tells %q", told)
				}
			})
		})
	}
}

// A run that was deleted minutes ago is not created again, whatever the status of the schedule says. Nor is the archive
// asked about a tick that is handled in time.
func TestTickWhoseRunWasJustDeleted(t *testing.T) {
	a := &archive{}
	l := newLab(t, func(*v1alpha1.TaskScheduleSpec) {}).with(a)
	l.at(t, 31*time.Second)
	l.wantRuns(t, "00:01")
	list := &v1alpha1.TaskExecutionList{}
	if err := l.api.List(t.Context(), list); err != nil || len(list.Items) != 1 {
		t.Fatal(err, len(list.Items))
	}
	run := &list.Items[0]
	if run.Spec.Trigger.Time == nil || !run.Spec.Trigger.Time.Time.Equal(created.Add(31*time.Second)) {
		t.Errorf("it does not say when it was requested: %+v", run.Spec.Trigger)
	}
	l.Past.Deleted(run)
	if err := l.api.Delete(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	s := l.schedule(t)
	s.Status = v1alpha1.TaskScheduleStatus{} // from before the run
	if err := l.api.Status().Update(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	l.at(t, 31*time.Second+time.Minute-2*time.Second) // its tick is the newest still
	l.wantRuns(t)
	if a.asked != 0 {
		t.Errorf("the archive was asked %d times", a.asked)
	}
}
