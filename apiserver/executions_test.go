// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/submit"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/apiserver/wire"
)

const midSchema = `{"type":"object","required":["mid"],"additionalProperties":false,
	"properties":{"mid":{"type":"integer"},"force":{"type":"boolean","default":false}}}`

func TestExecute(t *testing.T) {
	for name, c := range map[string]struct {
		path, body string
		source     v1alpha1.TriggerSource
		params     string
	}{
		"by a person":          {"manual", `{"params":{"mid":1}}`, v1alpha1.TriggerManual, `{"mid":1}`},
		"by a program":         {"api", `{"params":{"mid":1}}`, v1alpha1.TriggerAPI, `{"mid":1}`},
		"numbers keep a form":  {"api", `{"params": {"mid": 1.0e0} }`, v1alpha1.TriggerAPI, `{"mid": 1.0e0}`},
		"defaults stay unsaid": {"api", `{"params":{"mid":9007199254740993}}`, v1alpha1.TriggerAPI, `{"mid":9007199254740993}`},
	} {
		t.Run(name, func(t *testing.T) {
			store := newFakeStore(fixture.Task("sync", midSchema))
			w := call(t, facade(store), "POST", "/tasks/sync/execute/"+c.path, c.body)
			if w.Code != http.StatusOK {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			var answer submit.Started
			if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(answer.Execution, answer.Data) {
				t.Errorf("the execution and its data differ: %s", w.Body)
			}
			id, err := uuid.Parse(answer.ExecutionID)
			if err != nil || id.Version() != 4 || id.String() != answer.ExecutionID {
				t.Errorf("the id %q is no UUID of version 4 in lower case", answer.ExecutionID)
			}
			if answer.TaskName != "sync" || answer.Status != "running" || answer.Logs == nil || !answer.StartedAt.Equal(store.now) {
				t.Errorf("got %s", w.Body)
			}
			if !strings.Contains(w.Body.String(), `"startedAt":"2025-11-25T11:05:00Z","logs":[]`) {
				t.Errorf("not as documented: %s", w.Body)
			}
			stored := store.executions[answer.ExecutionID]
			if stored == nil || stored.Spec.TaskRef.Name != "sync" || stored.Spec.Trigger.Source != c.source || string(stored.Spec.Params.Raw) != c.params {
				t.Errorf("stored %+v", stored)
			}
		})
	}
}

func TestExecuteWithoutParams(t *testing.T) {
	for _, body := range []string{``, " \n", `{}`, `{"params":null}`, `{"params":{}}`} {
		store := newFakeStore(fixture.Task("sync"))
		answer := ok[submit.Started](t, facade(store), "POST", "/tasks/sync/execute/manual", body)
		stored := store.executions[answer.ExecutionID].Spec.Params
		if given := body == `{"params":{}}`; given != (stored != nil) {
			t.Errorf("body %q stored params %v", body, stored)
		}
	}
}

func TestParamsThatTheTaskDoesNotTake(t *testing.T) {
	store := newFakeStore(fixture.Task("sync", midSchema))
	w := call(t, facade(store), "POST", "/tasks/sync/execute/manual", `{"params":{"force":1,"a/b":12345678901234567890}}`)
	got := wantProblem(t, w, http.StatusBadRequest, "do not match the task's schema")
	want := []web.FieldError{
		{Pointer: "/params/a~1b", Detail: "is a whole number of more than 64 bits, so Kubernetes would lose digits; send it as a string"},
		{Pointer: "/params/a~1b", Detail: "is not a parameter of this task"},
		{Pointer: "/params/force", Detail: "must be a boolean, not a number"},
		{Pointer: "/params/mid", Detail: "is required"},
	}
	if diff := cmp.Diff(want, got.Errors); diff != "" {
		t.Error(diff)
	}
	if len(store.executions) != 0 {
		t.Error("an execution was made")
	}
}

// A task whose runs cannot work is refused. A task that the controller has not judged yet is accepted.
func TestExecuteATaskThatIsNotReady(t *testing.T) {
	with := func(status metav1.ConditionStatus, generation int64) *v1alpha1.Task {
		task := fixture.Task("sync")
		apimeta.SetStatusCondition(&task.Status.Conditions, metav1.Condition{
			Type: v1alpha1.ConditionReady, Status: status, ObservedGeneration: generation,
			Reason: v1alpha1.ReasonInvalidJobTemplate, Message: "no containers",
		})
		return task
	}
	wantProblem(t, call(t, facade(newFakeStore(with(metav1.ConditionFalse, 1))), "POST", "/tasks/sync/execute/manual", ""),
		http.StatusConflict, `"sync" cannot be run until it is fixed: InvalidJobTemplate: no containers`)
	wantProblem(t, call(t, facade(newFakeStore(fixture.Task("sync", `{"type":1}`))), "POST", "/tasks/sync/execute/manual", ""),
		http.StatusConflict, "not a usable JSON Schema: /type: ")
	for name, task := range map[string]*v1alpha1.Task{
		"ready":                with(metav1.ConditionTrue, 1),
		"not judged":           fixture.Task("sync"),
		"undecided":            with(metav1.ConditionUnknown, 1),
		"judged before a mend": with(metav1.ConditionFalse, 0),
	} {
		if w := call(t, facade(newFakeStore(task)), "POST", "/tasks/sync/execute/manual", ""); w.Code != http.StatusOK {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

func TestListExecutions(t *testing.T) {
	api := facade(newFakeStore(fixture.Task("sync"), fixture.Task("idle")).add(
		fixture.Execution("older", "sync", v1alpha1.PhaseCompleted, 60),
		fixture.Execution("newer", "sync", v1alpha1.PhaseRunning, 10),
		fixture.Execution("oldest", "sync", v1alpha1.PhaseFailed, 600),
		fixture.Execution("orphan", "deleted", v1alpha1.PhaseCompleted),
	))
	for task, want := range map[string][]string{
		"sync":    {"newer running", "older completed", "oldest failed"},
		"deleted": {"orphan completed"},
		"idle":    nil,
	} {
		var got []string
		for _, e := range ok[[]wire.Execution](t, api, "GET", "/tasks/running/"+task, "") {
			got = append(got, e.ExecutionID+" "+e.Status)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", task, diff)
		}
	}
	if w := call(t, api, "GET", "/tasks/running/idle", ""); strings.TrimSpace(w.Body.String()) != "[]" {
		t.Errorf("a task without executions: %s", w.Body)
	}
	if w := call(t, facade(newFakeStore()), "GET", "/tasks", ""); strings.TrimSpace(w.Body.String()) != "[]" {
		t.Errorf("no tasks: %s", w.Body)
	}
}

// The text of a log cannot become markup: it is JSON, declared as JSON, with sniffing disabled.
func TestLogsAreInert(t *testing.T) {
	e := fixture.Execution("x", "sync", v1alpha1.PhaseRunning)
	e.Status.Logs = []v1alpha1.LogEntry{{Level: v1alpha1.LogInfo, Message: "<script>alert(1)</script>\u2028", Data: fixture.JSON(`{"a":"<b>"}`)}}
	w := call(t, facade(newFakeStore().add(e)), "GET", "/tasks/running/execution/x", "")
	if strings.ContainsAny(w.Body.String(), "<>\u2028") {
		t.Errorf("markup in %s", w.Body)
	}
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Content-Type": "application/json"} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	var got wire.Execution
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.Logs[0].Message != e.Status.Logs[0].Message {
		t.Errorf("the message was changed: %v %+v", err, got)
	}
}
