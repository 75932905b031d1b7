// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"net/http"
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
)

// Each way to start a run over REST requires execute on its task. A caller without it learns nothing about the task.
func TestCase43EachWayToARunTakesExecute(t *testing.T) {
	rules := []string{"create taskschedules", "update taskschedules", "get taskschedules", "get taskexecutions", "execute tasks mine"}
	for name, c := range map[string]struct {
		method, path, body string
		want               int
	}{
		"create of mine":                  {"POST", "/triggers/cron", `{"name":"new","taskName":"mine","schedule":"@daily"}`, 201},
		"create of another":               {"POST", "/triggers/cron", `{"name":"new","taskName":"other","schedule":"@daily"}`, 403},
		"create of another, switched off": {"POST", "/triggers/cron", `{"name":"new","taskName":"other","schedule":"@daily","enabled":false}`, 403},
		"create of a missing one":         {"POST", "/triggers/cron", `{"name":"new","taskName":"away","schedule":"@daily"}`, 403},
		"create with wrong params":        {"POST", "/triggers/cron", `{"name":"new","taskName":"other","schedule":"@daily","params":{"x":1}}`, 403},
		"switch mine to another":          {"PUT", "/triggers/cron/of-mine", `{"taskName":"other","schedule":"@daily"}`, 403},
		"switch another to mine":          {"PUT", "/triggers/cron/of-other", `{"taskName":"mine","schedule":"@daily"}`, 200},
		"change the time of another":      {"PUT", "/triggers/cron/of-other", `{"taskName":"other","schedule":"* * * * * *"}`, 403},
		"change the params of another":    {"PUT", "/triggers/cron/of-other", `{"taskName":"other","schedule":"@daily","params":{"x":1}}`, 403},
		"change one that is off":          {"PUT", "/triggers/cron/other-off", `{"taskName":"other","schedule":"@hourly","enabled":false}`, 403},
		"switch on by PUT":                {"PUT", "/triggers/cron/other-off", `{"taskName":"other","schedule":"@daily"}`, 403},
		"switch off by PUT":               {"PUT", "/triggers/cron/of-other", `{"taskName":"other","schedule":"@daily","enabled":false}`, 200},
		"the same once more":              {"PUT", "/triggers/cron/of-other", `{"taskName":"other","schedule":"@daily"}`, 200},
		"toggle on":                       {"POST", "/triggers/cron/other-off/toggle", `{"enabled":true}`, 403},
		"turn over what is off":           {"POST", "/triggers/cron/other-off/toggle", "", 403},
		"toggle on what is on":            {"POST", "/triggers/cron/of-other/toggle", `{"enabled":true}`, 200},
		"toggle off":                      {"POST", "/triggers/cron/of-other/toggle", `{"enabled":false}`, 200},
		"turn over what is on":            {"POST", "/triggers/cron/of-other/toggle", "", 200},
		"toggle mine":                     {"POST", "/triggers/cron/mine-off/toggle", "", 200},
		"execute":                         {"POST", "/tasks/other/execute/api", "", 403},
		"execute without a run":           {"POST", "/tasks/other/execute/api?dryRun=true", "", 403},
		"rerun":                           {"POST", "/tasks/executions/run-of-other/rerun", "", 403},
		"rerun without a run":             {"POST", "/tasks/executions/run-of-other/rerun?dryRun=true", "", 403},
		"rerun of mine":                   {"POST", "/tasks/executions/run-of-mine/rerun", "", 200},
	} {
		t.Run(name, func(t *testing.T) {
			store := newFakeStore(fixture.Task("mine"), fixture.Task("other")).
				add(fixture.Execution("run-of-mine", "mine", v1alpha1.PhaseCompleted), fixture.Execution("run-of-other", "other", v1alpha1.PhaseCompleted))
			off, mineOff := aSchedule("other-off", "other"), aSchedule("mine-off", "mine")
			off.Spec.Suspend, mineOff.Spec.Suspend = true, true
			withSchedules(store, aSchedule("of-mine", "mine"), aSchedule("of-other", "other"), off, mineOff)
			before := *store.schedules["of-other"].DeepCopy()
			api := facadeFor(store, newFakeGate(map[string][]string{"ann": rules}))
			w := call(t, api, c.method, c.path, c.body, bearing("ann")...)
			if w.Code != c.want {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			if c.want != http.StatusForbidden {
				return
			}
			wantProblem(t, w, http.StatusForbidden, `"ann" may not execute tasks "`)
			if len(store.executions) != 2 || len(store.schedules) != 4 || store.schedules["of-other"].Generation != before.Generation ||
				!store.schedules["other-off"].Spec.Suspend {
				t.Error("something was written")
			}
		})
	}
}

// changingStore changes the Task of a schedule right before it is written, as another client may.
type changingStore struct{ *fakeStore }

func (c changingStore) ChangeSchedule(ctx context.Context, name string, generation int64, by string, change func(*v1alpha1.TaskScheduleSpec) error) (*v1alpha1.TaskSchedule, error) {
	c.mu.Lock()
	c.schedules[name].Spec.TaskRef.Name = "other"
	c.mu.Unlock()
	return c.fakeStore.ChangeSchedule(ctx, name, generation, by, change)
}

// The right is checked on the version that is written, not on the one that was read before.
func TestCase43ScheduleThatChangesMeanwhile(t *testing.T) {
	s := aSchedule("nightly", "mine")
	s.Spec.Suspend = true
	store := withSchedules(newFakeStore(fixture.Task("mine"), fixture.Task("other")), s)
	api := facadeFor(changingStore{store}, newFakeGate(map[string][]string{"ann": {"update taskschedules", "execute tasks mine"}}))
	w := call(t, api, "POST", "/triggers/cron/nightly/toggle", `{"enabled":true}`, bearing("ann")...)
	wantProblem(t, w, http.StatusForbidden, `"ann" may not execute tasks "other"`)
	if !store.schedules["nightly"].Spec.Suspend {
		t.Error("it was switched on")
	}
}
