// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"net/http"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/submit"
)

// Each route refuses a body that two parsers could read differently, and changes nothing.
func TestCase31BodiesWithTwoMeaningsAreRefused(t *testing.T) {
	store := newFakeStore(fixture.WithContainer(fixture.Task("sync"))).add(fixture.Execution("a", "sync", v1alpha1.PhaseRunning))
	store.schedules["n"] = &v1alpha1.TaskSchedule{}
	store.schedules["n"].Name = "n"
	api := facade(store)
	for _, c := range []struct{ method, path, field, value string }{
		{"POST", "/tasks/sync/execute/manual", "params", `{"a":1}`},
		{"POST", "/tasks/sync/execute/api", "params", `{"a":1}`},
		{"POST", "/tasks/sync/execute/api?dryRun=true", "params", `{"a":1}`},
		{"POST", "/tasks/executions/a/rerun", "params", `{"a":1}`},
		{"DELETE", "/tasks/executions/cancel/by-ids", "executionIds", `["a"]`},
		{"DELETE", "/tasks/executions/cancel/by-task-names", "taskNames", `["sync"]`},
		{"DELETE", "/tasks/executions/cancel/all", "reason", `"x"`},
		{"POST", "/triggers/cron", "taskName", `"sync"`},
		{"PUT", "/triggers/cron/n", "taskName", `"sync"`},
		{"POST", "/triggers/cron/n/toggle", "enabled", `true`},
	} {
		upper := strings.ToUpper(c.field[:1]) + c.field[1:]
		for body, says := range map[string]string{
			`{"` + upper + `":` + c.value + `}`:                                     `unknown field "` + upper + `"; did you mean "` + c.field + `"`,
			`{"` + strings.ToUpper(c.field) + `":` + c.value + `}`:                  `did you mean "` + c.field + `"`,
			`{"` + c.field + `":` + c.value + `,"` + upper + `":null}`:              `unknown field "` + upper + `"`,
			`{"` + c.field + `":` + c.value + `,"` + c.field + `":` + c.value + `}`: `"` + c.field + `" is twice`,
		} {
			wantProblem(t, call(t, api, c.method, c.path, body), http.StatusBadRequest, says)
		}
	}
	for path, body := range map[string]string{
		"POST /tasks/sync/execute/manual":        `{"params":{"a":{"b":"\ud800"}}}`,
		"POST /tasks/executions/a/rerun":         `{"params":{"\ud800":1}}`,
		"DELETE /tasks/executions/cancel/by-ids": `{"executionIds":["\udc00"]}`,
		"DELETE /tasks/executions/cancel/all":    `{"reason":"\ud800"}`,
		"POST /triggers/cron":                    `{"name":"x","taskName":"sync","schedule":"@daily","params":{"a":"\ud800"}}`,
	} {
		method, route, _ := strings.Cut(path, " ")
		wantProblem(t, call(t, api, method, route, body), http.StatusBadRequest, "half of a surrogate pair")
	}
	if len(store.executions) != 1 || store.executions["a"].Spec.Cancel != nil || len(store.schedules) != 1 {
		t.Error("a refused request did something")
	}
}

// Execute, dry run, rerun and schedules judge the size of params alike.
func TestCase31EveryRouteCountsTheSameBytes(t *testing.T) {
	most := v1alpha1.MaxParamsBytes - len(`{"a":""}`)
	for name, c := range map[string]struct {
		value string
		fits  bool
	}{
		"17 kB of <":          {strings.Repeat("<", 17_000), true},
		"as much as there is": {strings.Repeat("<", most), true},
		"one byte more":       {strings.Repeat("<", most+1), false},
	} {
		t.Run(name, func(t *testing.T) {
			store := newFakeStore(fixture.WithContainer(fixture.Task("sync"))).add(fixture.Execution("a", "sync", v1alpha1.PhaseFailed))
			api := facade(store)
			params := `"params":{"a":"` + c.value + `"}`
			for path, body := range map[string]string{
				"/tasks/sync/execute/manual":          `{` + params + `}`,
				"/tasks/sync/execute/api?dryRun=true": `{` + params + `}`,
				"/tasks/executions/a/rerun":           `{` + params + `}`,
				"/triggers/cron":                      `{"name":"n","taskName":"sync","schedule":"@daily",` + params + `}`,
			} {
				w := call(t, api, "POST", path, body)
				if fits := w.Code < 300; fits != c.fits {
					t.Errorf("%s: %d %.300s", path, w.Code, w.Body)
				}
				if !c.fits {
					wantProblem(t, w, http.StatusBadRequest, "but a container gets")
				}
			}
		})
	}
}

// A value that the container would not receive as it was sent is refused before anything runs.
func TestCase31DigitsAndLargeJobs(t *testing.T) {
	wide := fixture.WithContainer(fixture.Task("wide"))
	for range 8 {
		wide.Spec.JobTemplate.Spec.Template.Spec.Containers = append(wide.Spec.JobTemplate.Spec.Template.Spec.Containers, corev1.Container{Name: "x", Image: "x"})
	}
	store := newFakeStore(fixture.WithContainer(fixture.Task("sync")), wide)
	api := facade(store)
	for task, c := range map[string]struct{ params, says string }{
		"sync": {`{"a":12345678901234567.89}`, "/a: is a number with more digits than Kubernetes keeps"},
		"wide": {`{"a":"` + strings.Repeat("x", 100_000) + `"}`, "each of its 9 containers has the params"},
	} {
		for _, path := range []string{"/execute/manual", "/execute/manual?dryRun=true"} {
			wantProblem(t, call(t, api, "POST", "/tasks/"+task+path, `{"params":`+c.params+`}`), http.StatusBadRequest, c.says)
		}
		wantProblem(t, call(t, api, "POST", "/triggers/cron", `{"name":"n","taskName":"`+task+`","schedule":"@daily","params":`+c.params+`}`), http.StatusBadRequest, c.says)
	}
	if len(store.executions)+len(store.schedules) != 0 {
		t.Error("something was written")
	}
}

func TestCase31DryRunWarnsOfParamsWithoutVariable(t *testing.T) {
	store := newFakeStore(fixture.WithContainer(fixture.Task("sync", `{"properties":{"a-b":{"type":"string"},"a.b":{"type":"string"}}}`)))
	got := ok[submit.DryRun](t, facade(store), "POST", "/tasks/sync/execute/manual?dryRun=true", `{"params":{"a-b":"x","姓":"y"}}`)
	if len(got.Warnings) != 2 || !strings.Contains(got.Warnings[0], `"a-b", "a.b" would share the variable`) || !strings.Contains(got.Warnings[1], `"姓" has no variable`) {
		t.Errorf("warnings %q", got.Warnings)
	}
	for _, e := range got.Job.Spec.Template.Spec.Containers[0].Env {
		if strings.HasPrefix(e.Name, "TASK_PARAM_") {
			t.Errorf("the container has %s", e.Name)
		}
	}
	if got.Outcome != submit.OutcomeStart {
		t.Errorf("outcome %s: a warning refuses nothing", got.Outcome)
	}
}

// null means no params, in a schedule as in an execute request.
func TestCase31ScheduleWithNullParams(t *testing.T) {
	api := facade(newFakeStore(fixture.WithContainer(fixture.Task("sync"))))
	if w := call(t, api, "POST", "/triggers/cron", `{"name":"n","taskName":"sync","schedule":"@daily","params":null}`); w.Code != http.StatusCreated {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
