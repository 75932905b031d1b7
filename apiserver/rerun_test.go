// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/submit"
	"github.com/taskexec/taskexec/apiserver/wire"
)

// ran returns a finished execution of the task "sync".
func ran(params string) *v1alpha1.TaskExecution {
	e := fixture.Execution("first", "sync", v1alpha1.PhaseFailed)
	if params != "" {
		e.Spec.Params = fixture.JSON(params)
	}
	return e
}

const rerunPath = "/tasks/executions/first/rerun"

func TestRerun(t *testing.T) {
	for name, c := range map[string]struct{ body, params string }{
		"with its params":          {``, `{"force":true,"mid":1}`},
		"an empty object":          {`{}`, `{"force":true,"mid":1}`},
		"null is nothing":          {`{"params":null}`, `{"force":true,"mid":1}`},
		"with others, all of them": {`{"params":{"mid":2}}`, `{"mid":2}`},
	} {
		t.Run(name, func(t *testing.T) {
			original := ran(`{"force":true,"mid":1}`)
			original.Spec.Timeout = &metav1.Duration{Duration: time.Minute}
			original.Labels = map[string]string{v1alpha1.LabelKueueQueue: "team-a", "other": "x"}
			original.Spec.Trigger = v1alpha1.Trigger{Source: v1alpha1.TriggerSchedule, Name: "nightly", User: "ann"}
			original.Spec.Cancel = &v1alpha1.CancelRequest{}
			task := fixture.Task("sync", midSchema)
			task.Spec.AllowedQueues = []string{"team-a"}
			store := newFakeStore(task).add(original)
			w := call(t, facade(store), "POST", rerunPath, c.body)
			var got submit.Started
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			if got.RerunOf != "first" || got.Status != "running" || got.TaskName != "sync" || !reflect.DeepEqual(got.Data, got.Execution) {
				t.Errorf("got %s", w.Body)
			}
			stored := store.executions[got.ExecutionID]
			if stored == nil || string(stored.Spec.Params.Raw) != c.params || stored.Annotations[v1alpha1.AnnotationRerunOf] != "first" {
				t.Fatalf("stored %+v", stored)
			}
			labels := map[string]string{v1alpha1.LabelKueueQueue: "team-a", "other": "x", v1alpha1.LabelTask: "sync", v1alpha1.LabelTrigger: "manual"}
			if stored.Spec.Timeout.Duration != time.Minute || !reflect.DeepEqual(stored.Labels, labels) {
				t.Errorf("how it is run: %v %v", stored.Spec.Timeout, stored.Labels)
			}
			if fixture.Unstamped(t, stored) != (v1alpha1.Trigger{Source: v1alpha1.TriggerManual}) || stored.Spec.Cancel != nil {
				t.Errorf("stored %+v", stored.Spec)
			}
			if read := ok[wire.Execution](t, facade(store), "GET", "/tasks/running/execution/"+got.ExecutionID, ""); read.RerunOf != "first" {
				t.Errorf("read %+v", read)
			}
		})
	}
}

func TestRerunIsRefused(t *testing.T) {
	suspended := fixture.Task("sync", midSchema)
	suspended.Spec.Suspended = true
	forbid := fixture.Limited(v1alpha1.ConcurrencyForbid, nil, nil)
	good := ran(`{"mid":1}`)
	for name, c := range map[string]struct {
		store *fakeStore
		body  string
		code  int
		says  string
	}{
		"no execution":      {newFakeStore(fixture.Task("sync")), ``, 404, `there is no execution "first"`},
		"no task":           {newFakeStore().add(good), ``, 404, `there is no task "sync"`},
		"suspended":         {newFakeStore(suspended).add(good), ``, 409, "suspended"},
		"another is active": {newFakeStore(forbid).add(good, fixture.Execution("busy", "sync", v1alpha1.PhaseRunning)), ``, 409, "busy is active"},
		"the task changed":  {newFakeStore(fixture.Task("sync", midSchema)).add(ran(`{"old":1}`)), ``, 400, "/old: is not a parameter"},
		"wrong params":      {newFakeStore(fixture.Task("sync", midSchema)).add(good), `{"params":{"mid":"x"}}`, 400, "must be an integer"},
		"an unknown field":  {newFakeStore(fixture.Task("sync", midSchema)).add(good), `{"parms":{}}`, 400, "unknown field"},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(c.store.executions)
			wantProblem(t, call(t, facade(c.store), "POST", rerunPath, c.body), c.code, c.says)
			if len(c.store.executions) != before {
				t.Error("a run was made")
			}
		})
	}
}

// The values of sensitive params cannot be read, even for a rerun of the same run.
func TestRerunWithSensitiveParams(t *testing.T) {
	stored := func() *v1alpha1.TaskExecution {
		e := fixture.Execution("first", "login", v1alpha1.PhaseCompleted)
		e.Spec.Params = fixture.JSON(`{"user":"ann"}`)
		e.Spec.SecretParams = &v1alpha1.SecretParams{SecretName: "s", Names: []string{"password", "pin"}}
		return e
	}
	readable := fixture.Execution("first", "login", v1alpha1.PhaseFailed)
	readable.Spec.Params, readable.Status.Reason = fixture.JSON(`{"user":"ann","password":"`+hunter+`"}`), v1alpha1.ReasonSensitiveParamReadable
	for name, e := range map[string]*v1alpha1.TaskExecution{"in a Secret": stored(), "readable, which was refused": readable} {
		store := newFakeStore(fixture.WithContainer(fixture.Task("login", loginSchema))).add(e)
		for _, query := range []string{"", "?dryRun=true"} {
			w := call(t, facade(store), "POST", rerunPath+query, "")
			p := wantProblem(t, w, http.StatusBadRequest, "send all params again, including password")
			if p.Errors[0].Pointer != "/params/password" || strings.Contains(w.Body.String(), hunter) || len(store.executions) != 1 {
				t.Errorf("%s: %s", name, w.Body)
			}
		}
	}
	store := newFakeStore(fixture.Task("login", loginSchema)).add(stored())
	got := ok[submit.Started](t, facade(store), "POST", rerunPath, `{"params":{"user":"bob","password":"`+hunter+`"}}`)
	from := store.executions[got.ExecutionID].Spec.SecretParams
	if got.RerunOf != "first" || string(store.secrets[from.SecretName]["password"]) != hunter || len(store.secrets[from.SecretName]) != 1 {
		t.Errorf("got %+v, secrets %v", got, store.secrets)
	}
}

func TestRerunWithAKey(t *testing.T) {
	store := newFakeStore(fixture.Task("sync", midSchema)).add(ran(`{"mid":1}`))
	api := facade(store)
	made, replayed := submitted(t, api, rerunPath, "k", ``)
	if replayed || store.executions[made.ExecutionID] == nil {
		t.Fatalf("got %+v", made)
	}
	if again, replayed := submitted(t, api, rerunPath, "k", `{}`); !replayed || again.ExecutionID != made.ExecutionID || again.RerunOf != "first" {
		t.Errorf("the repetition: %+v", again)
	}
	// A rerun with params differs from one without, even if both result in the same params.
	for _, body := range []string{`{"params":{"mid":1}}`, `{"params":{"mid":2}}`} {
		wantProblem(t, call(t, api, "POST", rerunPath, body, submit.HeaderIdempotencyKey, "k"), http.StatusConflict, "another body")
	}
	// The key of a rerun differs from that of an execute request or of another rerun.
	store.add(fixture.Execution("second", "sync", v1alpha1.PhaseFailed))
	store.executions["second"].Spec.Params = fixture.JSON(`{"mid":1}`)
	seen := map[string]bool{made.ExecutionID: true}
	for _, path := range []string{"/tasks/sync/execute/manual", "/tasks/executions/second/rerun"} {
		other, replayed := submitted(t, api, path, "k", `{"params":{"mid":1}}`)
		if replayed || seen[other.ExecutionID] {
			t.Errorf("%s: %+v", path, other)
		}
		seen[other.ExecutionID] = true
	}
	// A repetition is recognized even if the original run and the task are gone.
	delete(store.tasks, "sync")
	if again, replayed := submitted(t, api, rerunPath, "k", ``); !replayed || again.ExecutionID != made.ExecutionID {
		t.Errorf("without its task: %+v", again)
	}
	delete(store.executions, "first")
	if again, replayed := submitted(t, api, rerunPath, "k", ``); !replayed || again.ExecutionID != made.ExecutionID {
		t.Errorf("without its original: %+v", again)
	}
	wantProblem(t, call(t, api, "POST", rerunPath, `{"params":{"mid":2}}`, submit.HeaderIdempotencyKey, "k"), http.StatusConflict, "another body")
	wantProblem(t, call(t, api, "POST", rerunPath, ``, submit.HeaderIdempotencyKey, "k2"), http.StatusNotFound, "no execution")
	wantProblem(t, call(t, api, "POST", rerunPath+"?dryRun=true", ``, submit.HeaderIdempotencyKey, "k"), http.StatusNotFound, "no execution")
}

func TestDryRunOfRerun(t *testing.T) {
	store := newFakeStore(fixture.WithContainer(fixture.Task("sync", midSchema))).add(ran(`{"mid":1}`))
	got := ok[submit.DryRun](t, facade(store), "POST", rerunPath+"?dryRun=true", ``)
	if got.RerunOf != "first" || got.Outcome != submit.OutcomeStart || string(got.Params) != `{"force":false,"mid":1}` || len(store.executions) != 1 {
		t.Errorf("got %+v", got)
	}
}

// Reading a run is not enough to rerun it. The new run records its own caller.
func TestRerunTakesTwoRights(t *testing.T) {
	store := newFakeStore(fixture.Task("sync", midSchema)).add(ran(`{"mid":1}`))
	api := facadeFor(store, newFakeGate(map[string][]string{
		"reader": {"get taskexecutions *"}, "runner": {"execute tasks sync"}, "both": {"get taskexecutions *", "execute tasks sync"},
	}))
	for user, says := range map[string]string{"reader": `may not execute tasks "sync"`, "runner": `may not get taskexecutions "first"`} {
		for _, query := range []string{"", "?dryRun=true"} {
			wantProblem(t, call(t, api, "POST", rerunPath+query, "", bearing(user)...), http.StatusForbidden, says)
		}
	}
	if len(store.executions) != 1 {
		t.Fatal("a run was made")
	}
	w := call(t, api, "POST", rerunPath, "", bearing("both")...)
	var got submit.Started
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK || store.executions[got.ExecutionID].Spec.Trigger.User != "both" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
