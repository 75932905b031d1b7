// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/wire"
)

// asked sends a request that may wait.
func (f watchedFacade) asked(t *testing.T, path string, headers ...string) <-chan *httptest.ResponseRecorder {
	answer := make(chan *httptest.ResponseRecorder, 1)
	go func() { answer <- call(t, f.handler(DefaultOptions()), "GET", path, "", headers...) }()
	return answer
}

func (f watchedFacade) waits(t *testing.T) {
	t.Helper()
	until(t, "it waits", func() bool { return len(f.logs.Watchers) == 1 })
}

func phaseSaid(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var e wire.Execution
	if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return e.Phase
}

func TestWaitForAnotherStatus(t *testing.T) {
	for _, path := range []string{"/tasks/running/execution/a?wait=30s", "/tasks/executions/a?wait=30s"} {
		f := newWatchedFacade(t)
		f.put("a", "sync", v1alpha1.PhaseQueued)
		answer := f.asked(t, path)
		f.waits(t)
		f.put("b", "sync", v1alpha1.PhaseRunning)
		f.put("a", "sync", v1alpha1.PhaseQueued) // for example, its position changed
		f.put("a", "sync", v1alpha1.PhaseRunning)
		if phase := phaseSaid(t, <-answer); phase != "Running" {
			t.Errorf("it reads %s", phase)
		}
		f.put("a", "sync", v1alpha1.PhaseCompleted)
		if phase := phaseSaid(t, <-f.asked(t, path)); phase != "Completed" { // nothing can change: it does not wait
			t.Errorf("it reads %s", phase)
		}
		f.idle(t)
	}
}

func TestWaitForAnotherTag(t *testing.T) {
	f := newWatchedFacade(t)
	f.put("a", "sync", v1alpha1.PhaseRunning)
	const path = "/tasks/executions/a?wait=30s"
	if w := <-f.asked(t, path, "If-None-Match", `W/"100"`); w.Code != http.StatusOK || w.Header().Get("ETag") != `W/"101"` {
		t.Errorf("what it does not have yet comes with %d %s", w.Code, w.Header().Get("ETag"))
	}
	answer := f.asked(t, path, "If-None-Match", `W/"101"`)
	f.waits(t)
	f.put("a", "sync", v1alpha1.PhaseRunning) // for example, another log line
	if w := <-answer; w.Code != http.StatusOK || w.Header().Get("ETag") != `W/"102"` {
		t.Errorf("got %d %s", w.Code, w.Header().Get("ETag"))
	}
	if w := <-f.asked(t, "/tasks/executions/a?wait=1ms", "If-None-Match", `W/"102"`); w.Code != http.StatusNotModified {
		t.Errorf("when the time is up: %d", w.Code)
	}
	if phase := phaseSaid(t, <-f.asked(t, "/tasks/executions/a?wait=1ms")); phase != "Running" {
		t.Errorf("when the time is up it reads %s", phase)
	}
}

func TestWaitForWhatGoes(t *testing.T) {
	f := newWatchedFacade(t)
	wantProblem(t, <-f.asked(t, "/tasks/executions/a?wait=30s"), http.StatusNotFound, "no execution")
	f.put("a", "sync", v1alpha1.PhaseRunning)
	answer := f.asked(t, "/tasks/executions/a?wait=30s")
	f.waits(t)
	f.remove("a")
	wantProblem(t, <-answer, http.StatusNotFound, "no execution")
}
