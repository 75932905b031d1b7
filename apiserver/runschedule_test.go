// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/runs"
	"github.com/taskexec/taskexec/apiserver/submit"
	"github.com/taskexec/taskexec/controllers/schedule"
)

const runPath = "/triggers/cron/nightly/run"

// scheduled returns a schedule of the task "sync" with params.
func scheduled(params string) *v1alpha1.TaskSchedule {
	s := aSchedule("nightly", "sync")
	s.UID = "uid-1"
	if params != "" {
		s.Spec.Params = fixture.JSON(params)
	}
	return s
}

// A run on request has the schedule's params, time limit and name, and does not change the schedule.
func TestCase34RunAScheduleNow(t *testing.T) {
	for name, suspended := range map[string]bool{"enabled": false, "suspended": true} {
		for _, body := range []string{"", "{}"} {
			t.Run(name+body, func(t *testing.T) {
				s := scheduled(`{"mid":1}`)
				s.Spec.Suspend, s.Spec.Timeout = suspended, &metav1.Duration{Duration: time.Minute}
				store := withSchedules(newFakeStore(fixture.Task("sync", midSchema)), s)
				api := facade(store)
				rehearsed := ok[submit.DryRun](t, facade(withSchedules(newFakeStore(fixture.WithContainer(fixture.Task("sync", midSchema))), s)), "POST", runPath+"?dryRun=true", body)
				if rehearsed.Outcome != submit.OutcomeStart || !strings.Contains(string(rehearsed.Params), `"mid":1`) {
					t.Errorf("the dry run says %+v", rehearsed)
				}
				got := ok[submit.Started](t, api, "POST", runPath, body)
				stored := store.executions[got.ExecutionID]
				if len(store.executions) != 1 || stored == nil || got.Status != "running" || got.Data.ExecutionID != got.ExecutionID {
					t.Fatalf("got %+v, stored %v", got, store.executions)
				}
				if stored.Spec.TaskRef.Name != "sync" || string(stored.Spec.Params.Raw) != `{"mid":1}` || stored.Spec.Timeout.Duration != time.Minute {
					t.Errorf("stored %+v", stored.Spec)
				}
				if want := (v1alpha1.Trigger{Source: v1alpha1.TriggerManual, Name: "nightly"}); fixture.Unstamped(t, stored) != want {
					t.Errorf("trigger %+v", stored.Spec.Trigger)
				}
				if stored.Labels[v1alpha1.LabelSchedule] != "nightly" || stored.Labels[v1alpha1.LabelScheduleUID] != "uid-1" {
					t.Errorf("labels %v", stored.Labels)
				}
				if list := ok[runs.History](t, api, "GET", "/tasks/executions?triggerName=nightly", ""); len(list.Executions) != 1 {
					t.Errorf("the history of the schedule has %d runs", len(list.Executions))
				}
				if store.schedules["nightly"].Generation != 3 || store.schedules["nightly"].Spec.Suspend != suspended {
					t.Errorf("the schedule is changed: %+v", store.schedules["nightly"])
				}
			})
		}
	}
}

// If a Task cannot be run, its schedule cannot either, and the error is the same.
func TestCase34RunAScheduleIsRefused(t *testing.T) {
	suspended := fixture.Task("sync", midSchema)
	suspended.Spec.Suspended = true
	busy := newFakeStore(fixture.Limited(v1alpha1.ConcurrencyForbid, nil, nil)).add(fixture.Execution("busy", "sync", v1alpha1.PhaseRunning))
	for name, c := range map[string]struct {
		store  *fakeStore
		params string
		path   string
		body   string
		code   int
		says   string
	}{
		"no schedule":        {newFakeStore(fixture.Task("sync")), ``, "/triggers/cron/weekly/run", ``, 404, `there is no schedule "weekly"; GET /triggers/cron lists`},
		"no task":            {newFakeStore(), ``, runPath, ``, 404, `there is no task "sync"`},
		"the task suspended": {newFakeStore(suspended), `{"mid":1}`, runPath, ``, 409, "suspended"},
		"another is active":  {busy, ``, runPath, ``, 409, "busy is active"},
		"params that do not fit": {
			newFakeStore(fixture.Task("sync", midSchema)), `{"mid":"x"}`, runPath, ``, 409,
			`the task "sync" does not accept the params of the schedule "nightly": /mid: must be an integer`,
		},
		"params of the request": {newFakeStore(fixture.Task("sync", midSchema)), `{"mid":1}`, runPath, `{"params":{"mid":2}}`, 400, `unknown field "params"`},
		"another parameter":     {newFakeStore(fixture.Task("sync", midSchema)), `{"mid":1}`, runPath + "?dryrun=true", ``, 400, "the only parameter is dryRun"},
		"a name that cannot be": {newFakeStore(fixture.Task("sync")), ``, "/triggers/cron/a%2Fb/run", ``, 404, `there is no schedule "a/b"`},
	} {
		t.Run(name, func(t *testing.T) {
			store := withSchedules(c.store, scheduled(c.params))
			before := len(store.executions)
			wantProblem(t, call(t, facade(store), "POST", c.path, c.body), c.code, c.says)
			if len(store.executions) != before {
				t.Error("a run was made")
			}
		})
	}
}

// A key creates one run, whatever happens to the schedule. The same key of another schedule is another key.
func TestCase34RunAScheduleOnce(t *testing.T) {
	other := scheduled("")
	other.Name = "other"
	store := withSchedules(newFakeStore(fixture.Task("sync")), scheduled(""), other)
	api := facade(store)
	first, replayed := submitted(t, api, runPath, "k", "")
	if replayed {
		t.Error("the first is taken for a repetition")
	}
	for _, path := range []string{"/triggers/cron/other/run", "/tasks/sync/execute/manual"} {
		if got, replayed := submitted(t, api, path, "k", ""); replayed || got.ExecutionID == first.ExecutionID {
			t.Errorf("%s with the same key is the same run", path)
		}
	}
	store.schedules["nightly"].Spec.Params = fixture.JSON(`{"new":1}`)
	if again, replayed := submitted(t, api, runPath, "k", "{}"); !replayed || again.ExecutionID != first.ExecutionID {
		t.Errorf("a repetition made %s", again.ExecutionID)
	}
	if got := ok[submit.DryRun](t, facade(withSchedules(newFakeStore(fixture.WithContainer(fixture.Task("sync"))), scheduled(""))), "POST", runPath+"?dryRun=true", ""); got.Outcome != submit.OutcomeStart {
		t.Errorf("a dry run without a key: %+v", got)
	}
	delete(store.schedules, "nightly")
	if again, replayed := submitted(t, api, runPath, "k", ""); !replayed || again.ExecutionID != first.ExecutionID {
		t.Errorf("after the schedule went, a repetition made %s", again.ExecutionID)
	}
	wantProblem(t, call(t, api, "POST", runPath, "", submit.HeaderIdempotencyKey, "k2"), http.StatusNotFound, `there is no schedule "nightly"`)
}

// The rights to read or to change a schedule are not enough to run it.
func TestCase34RunAScheduleNeedsExecute(t *testing.T) {
	store := withSchedules(newFakeStore(fixture.Task("sync")), scheduled(""))
	api := facadeFor(store, newFakeGate(map[string][]string{
		"reader": {"get taskschedules"}, "writer": {"get taskschedules", "create taskschedules", "update taskschedules", "get tasks", "execute tasks other"},
		"stranger": {"execute tasks"}, "runner": {"get taskschedules nightly", "execute tasks sync"},
	}))
	for user, says := range map[string]string{"reader": `may not execute tasks "sync"`, "writer": `may not execute tasks "sync"`, "stranger": `may not get taskschedules "nightly"`} {
		wantProblem(t, call(t, api, "POST", runPath, "", bearing(user)...), http.StatusForbidden, says)
	}
	if len(store.executions) != 0 {
		t.Fatalf("%d runs were made", len(store.executions))
	}
	if w := call(t, api, "POST", runPath, "", bearing("runner")...); w.Code != http.StatusOK || len(store.executions) != 1 {
		t.Errorf("who may run it: %d %s", w.Code, w.Body)
	}
}

// REST and the controller report the same error for an invalid expression.
func TestCase34SameWordsEverywhere(t *testing.T) {
	for _, text := range []string{"0 0 * * 8", "0 22-2 * * *", "0 0 * * 周一", "@reboot", "TZ=UTC 0 0 * * *", "* * * *", "0 0 30 2 *", "0 0 12 ? * 2 *", "@every 1500ms"} {
		store := newFakeStore(fixture.Task("sync"))
		body, err := json.Marshal(map[string]string{"name": "a", "taskName": "sync", "schedule": text})
		if err != nil {
			t.Fatal(err)
		}
		p := wantProblem(t, call(t, facade(store), "POST", "/triggers/cron", string(body)), http.StatusBadRequest, "/schedule: ")
		stored := aSchedule("a", "sync")
		stored.Spec.Schedule = text
		plan := schedule.Decide(schedule.Observation{Now: time.Unix(1e9, 0), Schedule: stored, Task: fixture.Task("sync")})
		if plan.Ready.Reason != v1alpha1.ReasonInvalidSchedule || len(p.Errors) != 1 || plan.Ready.Message != p.Errors[0].Detail {
			t.Errorf("%q: REST says %+v, the condition %+v", text, p.Errors, plan.Ready)
		}
	}
}
