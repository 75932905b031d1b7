// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/schedules"
	"github.com/taskexec/taskexec/apiserver/submit"
)

// wordsOfPaths returns all words in paths that are valid object names, and some similar names.
func wordsOfPaths() (names []string) {
	names = []string{"by-name", "by-id", "tasks", "namespaces", "default", "api", "openapi.json", "all.tasks", "0", strings.Repeat("a", 253)}
	for _, r := range (&rooms{}).routes() {
		for word := range strings.SplitSeq(namespacePrefix+r.pattern, "/") {
			if len(validation.IsDNS1123Subdomain(word)) == 0 {
				names = append(names, word)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// unhidden maps each path in which another path can hide a name to the path in which none can.
var unhidden = map[string]string{
	"GET /tasks/{taskName}":               "/tasks/_/{taskName}",
	"GET /tasks/executions/{executionId}": "/tasks/executions/_/{executionId}",
}

// Each route reaches an object of any name, by its own path or by the path that hides nothing.
func TestCase36EveryNameReachesItsRoute(t *testing.T) {
	router, all := chi.NewRouter(), []string{}
	for _, r := range (&rooms{}).routes() {
		for _, prefix := range []string{"", namespacePrefix} {
			router.MethodFunc(r.method, prefix+r.pattern, func(http.ResponseWriter, *http.Request) {})
		}
		all = append(all, r.method+" "+r.pattern)
	}
	hidden := map[string][]string{}
	for _, r := range (&rooms{}).routes() {
		if !strings.Contains(r.pattern, "{") {
			continue
		}
		for _, name := range wordsOfPaths() {
			for _, prefix := range []string{"", namespacePrefix} {
				path := strings.NewReplacer("{namespace}", name, "{taskName}", name, "{executionId}", name, "{name}", name).Replace(prefix + r.pattern)
				if got := router.Find(chi.NewRouteContext(), r.method, path); got != prefix+r.pattern {
					key := r.method + " " + r.pattern
					hidden[key] = append(hidden[key], name)
					if alternative := unhidden[key]; alternative == "" || !slices.Contains(all, r.method+" "+alternative) {
						t.Errorf("%s %s is %s: the name %q is hidden, and no other path has it", r.method, path, got, name)
					}
				}
			}
		}
	}
	for _, alternative := range unhidden {
		if names := hidden["GET "+alternative]; len(names) > 0 {
			t.Errorf("%s hides %q", alternative, names)
		}
	}
}

// A request by such a path reads or changes the named object itself.
func TestCase36EveryNameReachesItsObject(t *testing.T) {
	for _, name := range wordsOfPaths() {
		task := fixture.Task(name)
		store := withSchedules(newFakeStore(task), aSchedule(name, name)).add(fixture.Execution(name, name, v1alpha1.PhaseCompleted))
		api := facade(store)
		for path, want := range map[string]string{
			"/tasks/_/":                   `"name":"` + name + `"`,
			"/tasks/executions/_/":        `"executionId":"` + name + `"`,
			"/tasks/running/execution/":   `"executionId":"` + name + `"`,
			"/tasks/running/":             `[{"executionId":"` + name + `"`,
			"/triggers/cron/":             `{"name":"` + name + `"`,
			"/tasks/executions/%/explain": `"executionId":"` + name + `"`,
		} {
			at := path + name
			if strings.Contains(path, "%") {
				at = strings.Replace(path, "%", name, 1)
			}
			if w := call(t, api, "GET", at, ""); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) {
				t.Errorf("GET %s: %d %.200s", at, w.Code, w.Body)
			}
		}
		for _, at := range []string{"/tasks/" + name + "/execute/manual", "/tasks/" + name + "/execute/api", "/tasks/executions/" + name + "/rerun", "/triggers/cron/" + name + "/run"} {
			var started submit.Started
			w := call(t, api, "POST", at, "")
			if err := json.Unmarshal(w.Body.Bytes(), &started); err != nil || w.Code != http.StatusOK || started.TaskName != name {
				t.Errorf("POST %s: %d %.200s", at, w.Code, w.Body)
			}
		}
		if got := ok[schedules.Schedule](t, api, "POST", "/triggers/cron/"+name+"/toggle", ""); got.Name != name || got.Enabled {
			t.Errorf("toggling %s: %+v", name, got)
		}
		if w := call(t, api, "DELETE", "/triggers/cron/"+name, ""); w.Code != http.StatusNoContent {
			t.Errorf("DELETE of the schedule %s: %d %s", name, w.Code, w.Body)
		}
		if w := call(t, api, "DELETE", "/tasks/executions/"+name, ""); w.Code != http.StatusNoContent || store.executions[name] != nil {
			t.Errorf("DELETE of the run %s: %d %s", name, w.Code, w.Body)
		}
	}
	wantProblem(t, call(t, facade(newFakeStore()), "GET", "/tasks/_/nothing", ""), http.StatusNotFound, `there is no task "nothing"`)
	wantProblem(t, call(t, facade(newFakeStore()), "GET", "/tasks/executions/_/nothing", ""), http.StatusNotFound, `there is no execution "nothing"`)
}
