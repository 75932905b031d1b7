// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/compare"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/logs"
	"github.com/taskexec/taskexec/controllers/records"
)

// The log of a run that only the archive has is served in all forms.
func TestLogOfAnArchivedRun(t *testing.T) {
	url := "file://" + t.TempDir()
	f := archivedRun(t, url)
	of := newArchive(t, url)
	of.record(t, nil, f.store.executions["run"])
	f.past = of.past("cluster-a")
	delete(f.store.executions, "run")
	f.store.pods, f.store.fail = nil, func(operation, _ string) error {
		if operation == "pods" {
			t.Error("pods were read")
		}
		return nil
	}
	api := f.handler(DefaultOptions())
	got, cursor := "", ""
	for {
		page := ok[logs.LogPage](t, api, "GET", logPath+"?limit=7&cursor="+cursor, "")
		if got, cursor = got+messagesOf(&page), page.NextCursor; page.End {
			if page.Complete == nil || !*page.Complete || strings.Join(page.Sources, "") != "archive" {
				t.Errorf("the last page says %+v", page)
			}
			break
		}
	}
	if got != f.kubelet.text() {
		t.Errorf("pages give %q", got)
	}
	if w := call(t, api, "GET", logPath, "", "Accept", "text/plain"); w.Body.String() != f.kubelet.text() || w.Header().Get("Log-Complete") != "true" {
		t.Errorf("text: %v %q", w.Header(), w.Body)
	}
	if w := call(t, api, "GET", logPath+"?follow=true", "", "Accept", "text/plain"); w.Body.String() != f.kubelet.text() {
		t.Errorf("followed text: %q", w.Body)
	}
	if w := call(t, api, "GET", logPath+"?follow=true", ""); strings.Count(w.Body.String(), "event: entry") != 40 || !strings.Contains(w.Body.String(), "event: end") {
		t.Errorf("events: %q", w.Body)
	}
	if page := ok[logs.LogPage](t, api, "GET", logPath+"?tail=3", ""); len(page.Entries) != 3 {
		t.Errorf("tail: %+v", page)
	}
	f.wantIdle(t)
}

// taskOfGeneration returns a Task with an image.
func taskOfGeneration(t *testing.T, generation int64, image string) (*v1alpha1.Task, *records.TaskSnapshot) {
	t.Helper()
	task := fixture.WithContainer(fixture.Task("sync"))
	task.UID, task.Generation = "task-uid", generation
	task.Spec.JobTemplate.Spec.Template.Spec.Containers = []corev1.Container{{Name: "main", Image: image}}
	snapshot, err := records.SnapshotOf(task)
	if err != nil {
		t.Fatal(err)
	}
	return task, snapshot
}

func TestTheTaskAsItWas(t *testing.T) {
	task, _ := taskOfGeneration(t, 3, "sync:3")
	_, was := taskOfGeneration(t, 2, "sync:2")
	of := newArchive(t, "file://"+t.TempDir())
	of.record(t, was, took("archived", "sync", v1alpha1.PhaseCompleted, 0, 1000))
	of.record(t, nil, took("unknown", "sync", v1alpha1.PhaseFailed, 0, 1000))
	live, changed := took("live", "sync", v1alpha1.PhaseCompleted, 0, 1000), took("changed", "sync", v1alpha1.PhaseCompleted, 0, 1000)
	live.Status.Task = &v1alpha1.TaskIdentity{UID: "task-uid", Generation: 3}
	changed.Status.Task = &v1alpha1.TaskIdentity{UID: "task-uid", Generation: 2}
	store := newFakeStore(task).add(live, changed)
	api := of.facade(store)
	for id, want := range map[string]string{"archived": `"sync:2"`, "live": `"sync:3"`} {
		got := ok[compare.RanTask](t, api, "GET", "/tasks/executions/"+id+"/task", "")
		if !strings.Contains(string(got.Spec), `"image":`+want) || got.Hash == "" || got.Name != "sync" || got.ExecutionID != id {
			t.Errorf("%s: %+v", id, got)
		}
	}
	for id, says := range map[string]string{"unknown": "no longer known", "changed": "no longer known", "none": "no execution"} {
		wantProblem(t, call(t, api, "GET", "/tasks/executions/"+id+"/task", ""), http.StatusNotFound, says)
	}
	gate := newFakeGate(map[string][]string{"ann": {"get taskexecutions"}, "bob": {"get taskexecutions", "get tasks"}})
	s := gated(store, gate)
	s.past = of.past("cluster-a")
	api = s.handler(DefaultOptions())
	wantProblem(t, call(t, api, "GET", "/tasks/executions/archived/task", "", bearing("ann")...), http.StatusForbidden, "may not get tasks")
	if w := call(t, api, "GET", "/tasks/executions/archived/task", "", bearing("bob")...); w.Code != http.StatusOK {
		t.Errorf("with both rights: %d", w.Code)
	}
}

func TestDiff(t *testing.T) {
	task, is := taskOfGeneration(t, 3, "sync:3")
	_, was := taskOfGeneration(t, 2, "sync:2")
	of := newArchive(t, "file://"+t.TempDir())
	success := took("good", "sync", v1alpha1.PhaseCompleted, 300, 1000)
	success.Spec.Params = fixture.JSON(`{"day":1,"same":true}`)
	success.Status.LogSummary = &v1alpha1.LogSummary{Entries: 1}
	success.Status.Pods = []v1alpha1.PodMirror{{Name: "p", Node: "node-a"}}
	of.record(t, was, success, took("older", "sync", v1alpha1.PhaseCompleted, 900, 1000), took("of-another", "clean", v1alpha1.PhaseCompleted, 200, 1000))
	bad := took("bad", "sync", v1alpha1.PhaseFailed, 100, 3000)
	bad.Spec.Params = fixture.JSON(`{"day":2,"same":true}`)
	bad.Status.Logs[0].Message = "another line"
	bad.Status.LogSummary = &v1alpha1.LogSummary{Entries: 1}
	bad.Status.Pods = []v1alpha1.PodMirror{{Name: "q", Node: "node-b"}}
	of.record(t, is, bad)
	store := newFakeStore(task).add(took("later", "sync", v1alpha1.PhaseCompleted, 0, 1000))
	for _, where := range []string{"archived", "live"} {
		live := where == "live"
		if live { // its log is not final
			store.add(bad)
		}
		api := of.facade(store)
		got := ok[compare.Diff](t, api, "GET", "/tasks/executions/bad/diff?with=last-success", "")
		if got.With != "good" || len(got.Params) != 1 || got.Params[0].Path != "/day" || string(got.Params[0].After) != "2" {
			t.Errorf("%s: %+v", where, got)
		}
		paths := ""
		for _, c := range got.Outcome {
			paths += c.Path
		}
		if paths != "/duration/node/status" {
			t.Errorf("%s: the outcome differs in %s", where, paths)
		}
		if got.Task.Changed == nil || !*got.Task.Changed || len(got.Task.Changes) != 1 || !strings.HasSuffix(got.Task.Changes[0].Path, "/containers/0/image") {
			t.Errorf("%s: the task differs in %+v", where, got.Task)
		}
		raw, _ := json.Marshal(got.Logs)
		if !live && (got.Logs.First == nil || got.Logs.First.Line != 1 || !slices.Equal(got.Logs.First.After, []string{"another line"})) {
			t.Errorf("%s: the logs differ in %s", where, raw)
		}
		if live && (got.Logs.First != nil || !got.Logs.Cut) {
			t.Errorf("%s: something is said about lines that are yet to come: %s", where, raw)
		}
		if same := ok[compare.Diff](t, api, "GET", "/tasks/executions/good/diff?with=good", ""); len(same.Outcome)+len(same.Params) != 0 || *same.Task.Changed || same.Logs.First != nil {
			t.Errorf("%s: with itself: %+v", where, same)
		}
		wantProblem(t, call(t, api, "GET", "/tasks/executions/older/diff", ""), http.StatusNotFound, "no run of the task")
		wantProblem(t, call(t, api, "GET", "/tasks/executions/bad/diff?with=none", ""), http.StatusNotFound, "no execution")
		wantProblem(t, call(t, api, "GET", "/tasks/executions/bad/diff?with=A/b", ""), http.StatusBadRequest, "last-success")
	}
}

// A diff takes the rights to read both runs and both logs. What changed in the Task takes the right to read it.
func TestRightsToADiff(t *testing.T) {
	_, is := taskOfGeneration(t, 3, "sync:3")
	_, was := taskOfGeneration(t, 2, "sync:2")
	of := newArchive(t, "file://"+t.TempDir())
	of.record(t, was, took("good", "sync", v1alpha1.PhaseCompleted, 300, 1000), took("of-other", "other", v1alpha1.PhaseCompleted, 300, 1000))
	of.record(t, is, took("bad", "sync", v1alpha1.PhaseFailed, 0, 1000))
	s := gated(newFakeStore(), newFakeGate(map[string][]string{
		"runs": {"get tasks/executions sync"}, "both": {"get tasks/executions sync", "get tasks/logs sync"},
		"all": {"get tasks/executions sync", "get tasks/logs sync", "get tasks sync"},
	}))
	s.past = of.past("cluster-a")
	api := s.handler(DefaultOptions())
	for who, want := range map[string]int{"runs": 403, "both": 200, "all": 200} {
		w := call(t, api, "GET", "/tasks/executions/bad/diff", "", bearing(who)...)
		if w.Code != want || strings.Contains(w.Body.String(), "sync:2") != (who == "all") {
			t.Errorf("%s: %d %s", who, w.Code, w.Body)
		}
		if w := call(t, api, "GET", "/tasks/executions/bad/diff?with=of-other", "", bearing(who)...); w.Code != http.StatusForbidden {
			t.Errorf("%s with another's: %d %s", who, w.Code, w.Body)
		}
	}
}
