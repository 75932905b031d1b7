// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/schedules"
	"github.com/taskexec/taskexec/controllers/schedule"
)

// tickRan returns the run of the newest tick before a time, and that tick.
func tickRan(s *v1alpha1.TaskSchedule, before time.Time) (*v1alpha1.TaskExecution, time.Time) {
	tick := before.UTC().Truncate(24 * time.Hour)
	e := took(schedule.ExecutionName(s.Name, s.UID, tick), s.Spec.TaskRef.Name, v1alpha1.PhaseCompleted, 0, 1000)
	e.CreationTimestamp = metav1.NewTime(tick.Add(time.Second))
	e.Labels = map[string]string{v1alpha1.LabelScheduleUID: string(s.UID)}
	e.Spec.Trigger = v1alpha1.Trigger{Source: v1alpha1.TriggerSchedule, Name: s.Name}
	return e, tick
}

// The ticks of a schedule say which of them ran: by a live run, by an archived one, or not at all.
func TestTicks(t *testing.T) {
	s := aSchedule("nightly", "sync")
	s.UID = "uid-of-nightly"
	store, of := withSchedules(newFakeStore(fixture.Task("sync")), s), newArchive(t, "file://"+t.TempDir())
	live, first := tickRan(s, time.Now())
	archived, second := tickRan(s, first.Add(-time.Second))
	store.add(live)
	of.record(t, nil, archived)
	api := of.facade(store)
	got := ok[schedules.Ticks](t, api, "GET", "/triggers/cron/nightly/ticks?next=2&past=3", "")
	if got.Schedule != "@daily" || got.TimeZone != "UTC" || got.Incomplete != "" || len(got.Next) != 2 || len(got.Past) != 3 {
		t.Fatalf("got %+v", got)
	}
	if !got.Next[0].At.Equal(first.AddDate(0, 0, 1)) || !got.Next[1].At.Equal(first.AddDate(0, 0, 2)) || !got.Next[0].DueAt.Equal(got.Next[0].At) {
		t.Errorf("next are %v", got.Next)
	}
	for i, want := range []struct {
		at          time.Time
		outcome, id string
	}{{first, "ran", live.Name}, {second, "ran", archived.Name}, {second.AddDate(0, 0, -1), "none", ""}} {
		if p := got.Past[i]; !p.At.Equal(want.at) || p.Outcome != want.outcome || p.ExecutionID != want.id {
			t.Errorf("got %+v, want %+v", p, want)
		}
	}
	if all := ok[schedules.Ticks](t, api, "GET", "/triggers/cron/nightly/ticks", ""); len(all.Next) != 10 || len(all.Past) != 10 {
		t.Errorf("by default there are %d and %d", len(all.Next), len(all.Past))
	}
}

func TestTicksOfNoSchedule(t *testing.T) {
	broken := aSchedule("broken", "sync")
	broken.Spec.Schedule, broken.Spec.TimeZone = "every day", "Mars/Olympus"
	api := facade(withSchedules(newFakeStore(fixture.Task("sync")), broken, aSchedule("nightly", "sync")))
	for _, c := range []struct {
		path   string
		status int
		says   string
	}{
		{"nothing/ticks", http.StatusNotFound, `there is no schedule "nothing"`},
		{"broken/ticks", http.StatusConflict, `the schedule "broken" has no times until it is fixed: /schedule: `},
		{"nightly/ticks?next=0", http.StatusBadRequest, "want a whole number from 1 to 100"},
		{"nightly/ticks?past=101", http.StatusBadRequest, "want a whole number from 1 to 100"},
		{"nightly/ticks?count=1", http.StatusBadRequest, `the parameter "count" is unknown`},
		{"_/ticks?past=1&schedule=@daily", http.StatusBadRequest, `the parameter "past" is unknown`},
		{"_/ticks", http.StatusBadRequest, "/schedule: "},
	} {
		wantProblem(t, call(t, api, "GET", "/triggers/cron/"+c.path, ""), c.status, c.says)
	}
}

// A form shows the next ticks of what is typed, and what is wrong with each field.
func TestTicksOfAScheduleThatIsNotSaved(t *testing.T) {
	api := facade(newFakeStore())
	of := func(expression, zone string) string {
		return "/triggers/cron/_/ticks?" + url.Values{"schedule": {expression}, "timeZone": {zone}, "next": {"3"}}.Encode()
	}
	w := call(t, api, "GET", of("30 2 * * *", "Asia/Shanghai"), "")
	var got schedules.Ticks
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK || len(got.Next) != 3 || strings.Contains(w.Body.String(), `"past"`) {
		t.Fatalf("%d %s, %v", w.Code, w.Body, err)
	}
	for _, tick := range got.Next {
		if tick.At.Format("15:04:05") != "18:30:00" || !tick.At.After(time.Now()) {
			t.Errorf("a tick at %s", tick.At)
		}
	}
	p := wantProblem(t, call(t, api, "GET", of("61 * * * *", "Mars/Olympus"), ""), http.StatusBadRequest, "the schedule is not valid")
	if len(p.Errors) != 2 || p.Errors[0].Pointer != "/schedule" || p.Errors[1].Pointer != "/timeZone" {
		t.Errorf("got %+v", p.Errors)
	}
}
