// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/schedules"
	"github.com/taskexec/taskexec/apiserver/submit"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/apiserver/wire"
)

// freeLabels returns the labels of an execution that are not Taskexec's own.
func freeLabels(e *v1alpha1.TaskExecution) map[string]string {
	labels := maps.Clone(e.Labels)
	maps.DeleteFunc(labels, func(key, _ string) bool { return strings.HasPrefix(key, "taskexec.dev/") })
	return labels
}

func TestExecuteWithLabels(t *testing.T) {
	store := newFakeStore(fixture.Task("sync"))
	api := facade(store)
	for body, want := range map[string]map[string]string{
		`{"params":{},"labels":{"team":"billing","example.com/cost-center":"4711","urgent":""}}`: {"team": "billing", "example.com/cost-center": "4711", "urgent": ""},
		`{"labels":{"team":"billing"}}`: {"team": "billing"},
		`{"labels":{}}`:                 nil,
		`{"labels":null}`:               nil,
		`{"params":{}}`:                 nil,
	} {
		started := ok[submit.Started](t, api, "POST", "/tasks/sync/execute/manual", body)
		made := store.executions[started.ExecutionID]
		if !maps.Equal(freeLabels(made), want) || made.Labels[v1alpha1.LabelTask] != "sync" || made.Labels[v1alpha1.LabelTrigger] != "manual" {
			t.Errorf("%s: labels %v", body, made.Labels)
		}
		if !maps.Equal(started.Labels, want) || !maps.Equal(started.Data.Labels, want) {
			t.Errorf("%s: answered with %v", body, started.Labels)
		}
		if got := ok[wire.Execution](t, api, "GET", "/tasks/running/execution/"+started.ExecutionID, ""); !maps.Equal(got.Labels, want) {
			t.Errorf("%s: read as %v", body, got.Labels)
		}
	}
}

// refusedLabels maps labels of a body to the pointers of the answer. No such label is dropped silently.
var refusedLabels = map[string][]string{
	`["team"]`:                              {"/labels"},
	`"team"`:                                {"/labels"},
	`{"team":1}`:                            {"/labels/team"},
	`{"team":null}`:                         {"/labels/team"},
	`{"team":{}}`:                           {"/labels/team"},
	`{"":"x"}`:                              {"/labels/"},
	`{"a b":"x","team":"bad value"}`:        {"/labels/a b", "/labels/team"},
	`{"a~b":"x"}`:                           {"/labels/a~0b"},
	`{"taskexec.dev/task":"other"}`:         {"/labels/taskexec.dev~1task"},
	`{"x.taskexec.dev/a":"b"}`:              {"/labels/x.taskexec.dev~1a"},
	`{"kubernetes.io/os":"linux"}`:          {"/labels/kubernetes.io~1os"},
	`{"app.kubernetes.io/instance":"x"}`:    {"/labels/app.kubernetes.io~1instance"},
	`{"node.k8s.io/a":"b"}`:                 {"/labels/node.k8s.io~1a"},
	`{"kueue.x-k8s.io/priority-class":"x"}`: {"/labels/kueue.x-k8s.io~1priority-class"},
	`{"kueue.x-k8s.io/queue-name":"fast"}`:  {"/labels/kueue.x-k8s.io~1queue-name"},
	`{"job-name":"x"}`:                      {"/labels/job-name"},
	`{"controller-uid":"x"}`:                {"/labels/controller-uid"},
	`{"argocd.argoproj.io/instance":"x"}`:   {"/labels/argocd.argoproj.io~1instance"},
	`{"app":"payments"}`:                    {"/labels/app"},
	manyLabels(17):                          {"/labels"},
}

func manyLabels(n int) string {
	labels := map[string]string{}
	for i := range n {
		labels[fmt.Sprint("l", i)] = "x"
	}
	raw, err := json.Marshal(labels)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

func TestLabelsThatAreRefused(t *testing.T) {
	store := newFakeStore(fixture.Task("sync")).add(fixture.Execution("first", "sync", v1alpha1.PhaseCompleted))
	api := facade(store)
	for labels, pointers := range refusedLabels {
		for path, body := range map[string]string{
			"/tasks/sync/execute/api":             `{"labels":` + labels + `}`,
			"/tasks/sync/execute/api?dryRun=true": `{"labels":` + labels + `}`,
			"/tasks/executions/first/rerun":       `{"labels":` + labels + `}`,
			"/triggers/cron":                      `{"name":"nightly","taskName":"sync","schedule":"@daily","labels":` + labels + `}`,
		} {
			w := call(t, api, "POST", path, body)
			var got web.Problem
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusBadRequest || len(got.Errors) != len(pointers) {
				t.Errorf("%s %s: %d %s", path, labels, w.Code, w.Body)
				continue
			}
			for i, e := range got.Errors {
				if e.Pointer != pointers[i] || e.Detail == "" {
					t.Errorf("%s %s: %+v, want %s", path, labels, e, pointers[i])
				}
			}
		}
	}
	wantProblem(t, call(t, api, "POST", "/tasks/sync/execute/api", `{"labels":{"a":"1","a":"2"}}`), http.StatusBadRequest, `"a" is twice in one object`)
	if len(store.executions) != 1 || len(store.schedules) != 0 {
		t.Error("a refused request did something")
	}
	ok[submit.Started](t, api, "POST", "/tasks/sync/execute/api", `{"labels":`+manyLabels(16)+`}`)
}

func TestLabelOfAQueue(t *testing.T) {
	task := fixture.Task("sync")
	task.Spec.AllowedQueues = []string{"fast"}
	store := newFakeStore(task)
	api := facade(store)
	started := ok[submit.Started](t, api, "POST", "/tasks/sync/execute/api", `{"labels":{"kueue.x-k8s.io/queue-name":"fast"}}`)
	if got := store.executions[started.ExecutionID].Labels[v1alpha1.LabelKueueQueue]; got != "fast" {
		t.Errorf("queue %q", got)
	}
	wantProblem(t, call(t, api, "POST", "/tasks/sync/execute/api", `{"labels":{"kueue.x-k8s.io/queue-name":"slow"}}`), http.StatusBadRequest, "its spec.allowedQueues: fast")
}

// A label that the task does not allow is refused in a request. Labels that a rerun keeps stay on the run, and reach no pod.
func TestLabelThatTheTaskForbids(t *testing.T) {
	task := fixture.Task("sync")
	task.Spec.AllowedLabels = []string{"team"}
	none := fixture.Task("none")
	none.Spec.AllowedLabels = []string{}
	store := newFakeStore(task, none)
	api := facade(store)
	ok[submit.Started](t, api, "POST", "/tasks/sync/execute/api", `{"labels":{"team":"billing"}}`)
	refused := call(t, api, "POST", "/tasks/sync/execute/api", `{"labels":{"team":"billing","tier":"db"}}`)
	wantProblem(t, refused, http.StatusBadRequest, `/labels/tier: the task "sync" does not allow this label; its spec.allowedLabels: team`)
	wantProblem(t, call(t, api, "POST", "/tasks/none/execute/api", `{"labels":{"team":"billing"}}`), http.StatusBadRequest, "its spec.allowedLabels: none")
	ok[submit.Started](t, api, "POST", "/tasks/none/execute/api", `{}`)
	if len(store.executions) != 2 {
		t.Errorf("%d runs were made", len(store.executions))
	}
}

// A rerun keeps the labels of the run, except those that no caller may set. Labels in the body replace all of them.
func TestRerunWithLabels(t *testing.T) {
	task := fixture.Task("sync")
	task.Spec.AllowedQueues = []string{"fast", "slow"}
	first := fixture.Execution("first", "sync", v1alpha1.PhaseCompleted)
	first.Labels = map[string]string{
		"team": "billing", "cost": "9", v1alpha1.LabelTask: "sync", v1alpha1.LabelSchedule: "nightly", "argocd.argoproj.io/instance": "x", v1alpha1.LabelKueueQueue: "fast",
	}
	store := newFakeStore(task).add(first)
	api := facade(store)
	for body, want := range map[string]map[string]string{
		``:                            {"team": "billing", "cost": "9", v1alpha1.LabelKueueQueue: "fast"},
		`{"params":{"a":1}}`:          {"team": "billing", "cost": "9", v1alpha1.LabelKueueQueue: "fast"},
		`{"labels":{"team":"sales"}}`: {"team": "sales", v1alpha1.LabelKueueQueue: "fast"},
		`{"labels":{}}`:               {v1alpha1.LabelKueueQueue: "fast"},
		`{"labels":{"kueue.x-k8s.io/queue-name":"slow"}}`: {v1alpha1.LabelKueueQueue: "slow"},
	} {
		started := ok[submit.Started](t, api, "POST", "/tasks/executions/first/rerun", body)
		made := store.executions[started.ExecutionID]
		if !maps.Equal(freeLabels(made), want) || made.Labels[v1alpha1.LabelSchedule] != "" {
			t.Errorf("%s: labels %v, want %v", body, made.Labels, want)
		}
	}
}

// A repeated key must come with the same labels.
func TestLabelsWithAKey(t *testing.T) {
	store := newFakeStore(fixture.Task("sync")).add(fixture.Execution("first", "sync", v1alpha1.PhaseCompleted))
	api := facade(store)
	for _, c := range []struct{ path, body, same, another string }{
		{"/tasks/sync/execute/api", `{"labels":{"a":"1","b":"2"}}`, `{"labels":{"b":"2", "a":"1"},"params":{}}`, `{"labels":{"a":"1"}}`},
		{"/tasks/sync/execute/manual", ``, `{"labels":{}}`, `{"labels":{"a":"1"}}`},
		{"/tasks/executions/first/rerun", `{"labels":{"a":"1"}}`, `{"labels":{"a":"1"}}`, `{}`},
		{"/tasks/executions/first/rerun", ``, `{"labels":null}`, `{"labels":{}}`},
	} {
		key := c.path + c.body
		key = strings.ReplaceAll(key, `"`, "'")
		made, _ := submitted(t, api, c.path, key, c.body)
		if again, replayed := submitted(t, api, c.path, key, c.same); !replayed || again.ExecutionID != made.ExecutionID {
			t.Errorf("%s %s: repeated with %s, it made another run", c.path, c.body, c.same)
		}
		wantProblem(t, call(t, api, "POST", c.path, c.another, submit.HeaderIdempotencyKey, key), http.StatusConflict, "another body")
	}
}

func TestDryRunWithLabels(t *testing.T) {
	store := newFakeStore(fixture.WithContainer(fixture.Task("sync")))
	got := ok[submit.DryRun](t, facade(store), "POST", "/tasks/sync/execute/api?dryRun=true", `{"labels":{"team":"billing"}}`)
	if got.Job == nil || got.Job.Labels["team"] != "billing" || got.Job.Spec.Template.Labels["team"] != "billing" {
		t.Errorf("the Job: %+v", got.Job)
	}
	if len(store.executions) > 0 {
		t.Error("the dry run made an execution")
	}
}

func TestSchedulesWithLabels(t *testing.T) {
	task := fixture.Task("sync")
	task.Spec.AllowedQueues = []string{"fast"}
	store := withSchedules(newFakeStore(task))
	api := facade(store)
	const body = `"taskName":"sync","schedule":"@daily"`
	w := call(t, api, "POST", "/triggers/cron", `{"name":"nightly",`+body+`,"labels":{"team":"billing","kueue.x-k8s.io/queue-name":"fast"}}`)
	if w.Code != http.StatusCreated || store.schedules["nightly"].Spec.Labels["team"] != "billing" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	read := call(t, api, "GET", "/triggers/cron/nightly", "").Body.String()
	if again := ok[schedules.Schedule](t, api, "PUT", "/triggers/cron/nightly", read); again.Labels["team"] != "billing" {
		t.Errorf("sent back, it reads %+v", again)
	}
	started := ok[submit.Started](t, api, "POST", "/triggers/cron/nightly/run", "")
	want := map[string]string{"team": "billing", v1alpha1.LabelKueueQueue: "fast"}
	if made := store.executions[started.ExecutionID]; !maps.Equal(freeLabels(made), want) || made.Labels[v1alpha1.LabelSchedule] != "nightly" {
		t.Errorf("the run has the labels %v", made.Labels)
	}
	if changed := ok[schedules.Schedule](t, api, "PUT", "/triggers/cron/nightly", `{`+body+`}`); changed.Labels != nil {
		t.Errorf("replaced, it has %v", changed.Labels)
	}
}

// FuzzLabels: no labels make the facade fail, and those that it accepts are within the rules.
func FuzzLabels(f *testing.F) {
	for labels := range refusedLabels {
		f.Add(labels)
	}
	f.Add(`{"team":"billing"}`)
	f.Fuzz(func(t *testing.T, raw string) {
		labels, problems := submit.ParseLabels(json.RawMessage(raw))
		if len(problems) == 0 && len(labels) > 16 {
			t.Errorf("%s: %d labels", raw, len(labels))
		}
		for key := range labels {
			if len(problems) == 0 && (strings.HasPrefix(key, "taskexec.dev/") || strings.HasSuffix(strings.Split(key, "/")[0], "kubernetes.io") && strings.Contains(key, "/")) {
				t.Errorf("%s was accepted", key)
			}
		}
		for _, p := range problems {
			if !strings.HasPrefix(p.Pointer, "/labels") || p.Detail == "" {
				t.Errorf("%s: %+v", raw, p)
			}
		}
	})
}
