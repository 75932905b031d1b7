// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/runs"
	"github.com/taskexec/taskexec/apiserver/schedules"
	"github.com/taskexec/taskexec/apiserver/wire"
)

// The users of these tests, and what they may do.
var mayUsers = map[string][]string{
	"admin":  {"everything"},
	"viewer": {"get tasks", "list tasks", "get taskexecutions", "list taskexecutions", "get taskexecutions/logs", "get taskschedules", "list taskschedules"},
	"runner": {"get tasks", "list tasks", "get taskexecutions", "list taskexecutions", "execute tasks", "cancel taskexecutions", "get taskschedules", "list taskschedules", "create taskschedules"},
	// The rights of one are about the task sync, its runs, and the schedule nightly.
	"one": {
		"get tasks", "list tasks", "get taskexecutions", "list taskexecutions", "get taskschedules", "list taskschedules",
		"execute tasks sync", "cancel tasks/executions sync", "get tasks/logs sync", "update taskschedules nightly", "delete taskexecutions b",
	},
}

func mayStore(t *testing.T) *fakeStore {
	t.Helper()
	store := newFakeStore(fixture.Task("sync"), fixture.Task("other"))
	store.add(fixture.Execution("a", "sync", v1alpha1.PhaseRunning, 1))
	store.add(fixture.Execution("b", "other", v1alpha1.PhaseFailed, 2))
	return store
}

// What a caller may do stands with what it reads.
func TestWhatACallerMayDo(t *testing.T) {
	api := facadeFor(mayStore(t), newFakeGate(mayUsers))
	for user, want := range map[string]map[string]string{
		"admin": {
			"sync": "execute cancel schedule", "other": "execute cancel schedule",
			"a": "rerun cancel delete logs rawlogs", "b": "rerun cancel delete logs rawlogs", "b alone": "rerun cancel delete logs rawlogs",
		},
		"viewer": {"sync": "", "other": "", "a": "logs", "b": "logs", "b alone": "logs"},
		"runner": {"sync": "execute cancel schedule", "other": "execute cancel schedule", "a": "rerun cancel", "b": "rerun cancel", "b alone": "rerun cancel"},
		"one":    {"sync": "execute cancel", "other": "", "a": "rerun cancel logs", "b": "", "b alone": "delete"},
	} {
		as := headed(api, bearing(user)...)
		got := map[string]string{}
		words := func(may []string) string {
			if may == nil {
				return "nothing is said"
			}
			return strings.Join(may, " ")
		}
		for _, task := range ok[[]wire.Task](t, as, "GET", "/tasks?may=true", "") {
			got[task.Name] = words(task.May)
			if one := ok[wire.Task](t, as, "GET", "/tasks/"+task.Name+"?may=true", ""); words(one.May) != got[task.Name] {
				t.Errorf("%s: the task %s alone: %q", user, task.Name, one.May)
			}
		}
		for _, path := range []string{"/tasks/executions?may=true", "/tasks/executions/history?may=true&page=1"} {
			for _, run := range ok[runs.History](t, as, "GET", path, "").Executions {
				got[run.ExecutionID] = words(run.May)
			}
		}
		if list := ok[[]wire.Execution](t, as, "GET", "/tasks/running/sync?may=true", ""); len(list) != 1 || words(list[0].May) != got["a"] {
			t.Errorf("%s: the runs of sync: %+v", user, list)
		}
		got["b alone"] = words(ok[wire.Execution](t, as, "GET", "/tasks/running/execution/b?may=true", "").May)
		if one := ok[runs.Record](t, as, "GET", "/tasks/executions/b?may=true", ""); words(one.May) != got["b alone"] || one.CreatedAt.IsZero() {
			t.Errorf("%s: the record of b: %+v", user, one)
		}
		for name, w := range want {
			if got[name] != w {
				t.Errorf("%s: %s may %q, want %q", user, name, got[name], w)
			}
		}
	}
	// Without the parameter nothing is said, also after an answer that did.
	for _, path := range []string{"/tasks", "/tasks/sync?may=false", "/tasks/executions", "/tasks/executions/a", "/tasks/running/execution/a"} {
		if w := call(t, api, "GET", path, "", bearing("admin")...); w.Code != http.StatusOK || strings.Contains(w.Body.String(), `"may"`) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	for _, path := range []string{"/tasks?may=yes", "/tasks/sync?may=", "/tasks/executions?may=1", "/tasks/executions/a?may=x", "/triggers/cron?may=true&may=true"} {
		wantProblem(t, call(t, api, "GET", path, "", bearing("admin")...), http.StatusBadRequest, "may")
	}
	// Without authentication everybody may do everything.
	if got := ok[[]wire.Task](t, facade(mayStore(t)), "GET", "/tasks?may=true", ""); len(got[0].May) != 3 {
		t.Errorf("without authentication: %q", got[0].May)
	}
}

func TestWhatACallerMayDoWithSchedules(t *testing.T) {
	store := mayStore(t)
	admin := facade(store)
	for _, name := range []string{"nightly", "daily"} {
		if w := call(t, admin, "POST", "/triggers/cron", `{"name":"`+name+`","taskName":"sync","schedule":"@daily"}`); w.Code != http.StatusCreated {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	api := facadeFor(store, newFakeGate(mayUsers))
	for user, want := range map[string]string{"admin": "run update delete", "viewer": "", "runner": "run", "one": "run update"} {
		as := headed(api, bearing(user)...)
		one := ok[schedules.Schedule](t, as, "GET", "/triggers/cron/nightly?may=true", "")
		list := ok[[]schedules.Schedule](t, as, "GET", "/triggers/cron?may=true", "")
		if strings.Join(one.May, " ") != want || one.May == nil || len(list) != 2 || !slices.Equal(list[1].May, one.May) {
			t.Errorf("%s: %q and %+v, want %q", user, one.May, list, want)
		}
	}
}

// However many runs a list has, each right is asked for once for all names, and once for each task.
func TestRightsAreAskedForOnce(t *testing.T) {
	store := newFakeStore()
	for i := range 300 {
		store.add(fixture.Execution(fmt.Sprintf("run-%d", i), fmt.Sprintf("task-%d", i%3), v1alpha1.PhaseCompleted, i))
	}
	g := newFakeGate(mayUsers)
	api := facadeFor(store, g)
	for user, most := range map[string]int{"admin": 6, "viewer": 1 + 5 + 3*4} { // the right of the route, those of all names, those of each task
		g.questions()
		if w := call(t, api, "GET", "/tasks/executions?may=true&limit=300", "", bearing(user)...); w.Code != http.StatusOK {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		if asked := g.questions(); len(asked) > most || len(asked) < 5 {
			t.Errorf("%s: %d questions, at most %d expected: %q", user, len(asked), most, asked)
		}
	}
	g.away = http.ErrServerClosed
	wantProblem(t, call(t, api, "GET", "/tasks/executions?may=true", "", bearing("admin")...), http.StatusServiceUnavailable, "Kubernetes does not answer")
}

// The ETag of an answer changes with what the caller may do. A wait for news does not take that for news.
func TestETagsOfWhatACallerMayDo(t *testing.T) {
	g := newFakeGate(map[string][]string{"ann": {"get tasks", "list tasks", "list taskexecutions", "get taskexecutions"}})
	api := facadeFor(mayStore(t), g)
	for _, path := range []string{"/tasks?may=true", "/tasks/sync?may=true", "/tasks/executions?may=true", "/tasks/executions/b?may=true", "/tasks/running/execution/b?may=true&wait=1ms"} {
		g.change(func() { g.rules["ann"] = g.rules["ann"][:4] })
		tag := call(t, api, "GET", path, "", bearing("ann")...).Header().Get("ETag")
		again := append(bearing("ann"), "If-None-Match", tag)
		if w := call(t, api, "GET", path, "", again...); w.Code != http.StatusNotModified {
			t.Errorf("%s: %d with the ETag %s", path, w.Code, tag)
		}
		g.change(func() { g.rules["ann"] = append(g.rules["ann"], "execute tasks") })
		w := call(t, api, "GET", path, "", again...)
		if w.Code != http.StatusOK || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s: %d after a right was granted", path, w.Code)
		}
	}
}
