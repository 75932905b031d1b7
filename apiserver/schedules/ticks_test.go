// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package schedules

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/schedule"
)

func at(t *testing.T, text string) time.Time {
	t.Helper()
	parsed, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// Ticks are those of the controller, also where clocks change.
func TestNextTicks(t *testing.T) {
	for name, c := range map[string]struct {
		expression, zone, now string
		late                  time.Duration
		want                  string
	}{
		"daily":                         {"30 2 * * *", "Asia/Shanghai", "2026-12-01T00:00:00Z", 0, "01T18:30:00 02T18:30:00 03T18:30:00"},
		"now is not next":               {"0 * * * *", "", "2026-12-01T01:00:00Z", 0, "01T02:00:00 01T03:00:00 01T04:00:00"},
		"jitter of one that is not due": {"0 * * * *", "", "2026-12-01T01:00:30Z", time.Minute, "01T01:00:00 01T02:00:00 01T03:00:00"},
		"clocks skip it":                {"30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z", 0, "28T01:30:00 29T01:00:00 30T00:30:00"},
		"it comes twice":                {"30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 0, "25T00:30:00 26T01:30:00 27T01:30:00"},
	} {
		t.Run(name, func(t *testing.T) {
			_, table, wrong := ticksOf(c.expression, c.zone)
			if err := wrong.problem(); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, tick := range nextTicks(table, at(t, c.now), c.late, 3) {
				got = append(got, tick.At.Format("02T15:04:05"))
				if tick.DueAt.Sub(tick.At) != c.late || !tick.DueAt.After(at(t, c.now)) {
					t.Errorf("%s is due at %s", tick.At, tick.DueAt)
				}
			}
			if diff := cmp.Diff(c.want, strings.Join(got, " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPastTicks(t *testing.T) {
	hourly := func(handledUntil string, change func(*v1alpha1.TaskSchedule)) *v1alpha1.TaskSchedule {
		s := &v1alpha1.TaskSchedule{ObjectMeta: metav1.ObjectMeta{Name: "hourly", UID: "uid", CreationTimestamp: metav1.NewTime(at(t, "2026-12-01T01:00:00Z"))}}
		s.Spec.TaskRef.Name, s.Spec.Schedule, s.Spec.CatchUpLimit = "sync", "0 * * * *", 1
		s.Status.ObservedSchedule = "0 * * * * UTC"
		until := metav1.NewTime(at(t, handledUntil))
		s.Status.HandledUntil = &until
		if change != nil {
			change(s)
		}
		return s
	}
	run := func(s *v1alpha1.TaskSchedule, tick string) *v1alpha1.TaskExecution {
		e := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Name: schedule.ExecutionName(s.Name, s.UID, at(t, tick)), Labels: map[string]string{v1alpha1.LabelScheduleUID: string(s.UID)}}}
		e.Spec.Trigger = v1alpha1.Trigger{Source: v1alpha1.TriggerSchedule, Name: s.Name}
		return e
	}
	const now = "2026-12-01T06:30:00Z"
	task := &v1alpha1.Task{ObjectMeta: metav1.ObjectMeta{Name: "sync"}}
	for name, c := range map[string]struct {
		schedule *v1alpha1.TaskSchedule
		ran      []string
		n        int
		want     string
	}{
		"all since its creation":     {hourly("2026-12-01T06:00:00Z", nil), []string{"2026-12-01T06:00:00Z", "2026-12-01T05:00:00Z"}, 10, "06 ran 05 ran 04 none 03 none 02 none"},
		"the newest":                 {hourly("2026-12-01T06:00:00Z", nil), nil, 2, "06 none 05 none"},
		"due now":                    {hourly("2026-12-01T04:00:00Z", nil), []string{"2026-12-01T04:00:00Z"}, 3, "06 pending 05 none 04 ran"},
		"due now, and catching up":   {hourly("2026-12-01T04:00:00Z", func(s *v1alpha1.TaskSchedule) { s.Spec.CatchUpLimit = 2 }), nil, 3, "06 pending 05 pending 04 none"},
		"due now, and just created":  {hourly("2026-12-01T04:00:00Z", nil), []string{"2026-12-01T06:00:00Z"}, 1, "06 ran"},
		"nothing is due of disabled": {hourly("2026-12-01T04:00:00Z", func(s *v1alpha1.TaskSchedule) { s.Spec.Suspend = true }), nil, 2, "06 none 05 none"},
		"created just now":           {hourly("2026-12-01T06:10:00Z", func(s *v1alpha1.TaskSchedule) { s.CreationTimestamp = metav1.NewTime(at(t, "2026-12-01T06:10:00Z")) }), nil, 2, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, table, _ := ticksOf(c.schedule.Spec.Schedule, "")
			past := pastTicks(table, c.schedule, task, at(t, now), c.n)
			other := run(c.schedule, "2026-12-01T03:00:00Z") // somebody else's run under the name
			other.Labels = nil
			runs := []*v1alpha1.TaskExecution{other}
			for _, tick := range c.ran {
				runs = append(runs, run(c.schedule, tick))
			}
			missing := matchRuns(past, c.schedule, runs)
			var got []string
			for _, tick := range past {
				got = append(got, tick.At.Format("15")+" "+tick.Outcome)
				if name := schedule.ExecutionName("hourly", "uid", tick.At); (tick.ExecutionID == name) != (tick.Outcome == outcomeRan) || missing[name] == (tick.Outcome == outcomeRan) {
					t.Errorf("%+v, missing %v", tick, missing)
				}
			}
			if diff := cmp.Diff(c.want, strings.Join(got, " ")); diff != "" {
				t.Error(diff)
			}
			if again := matchRuns(past, c.schedule, nil); len(again) != len(missing) {
				t.Errorf("without runs it forgets those that it knew: %v, then %v", missing, again)
			}
		})
	}
}
