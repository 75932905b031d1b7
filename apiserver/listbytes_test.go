// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/runs"
)

// follows reads a list with all pages that its Link header leads to. It returns the ids, and the largest page in bytes.
func follows(t *testing.T, api http.Handler, path string) (ids []string, pages, largest int) {
	t.Helper()
	for path != "" {
		w := got(t, api, path)
		var page []struct {
			ExecutionID string `json:"executionId"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || w.Code != http.StatusOK {
			t.Fatalf("GET %s: %d, %v", path, w.Code, err)
		}
		for _, e := range page {
			ids = append(ids, e.ExecutionID)
		}
		pages, largest = pages+1, max(largest, w.Body.Len())
		link, _, _ := strings.Cut(strings.TrimPrefix(w.Header().Get("Link"), "<"), ">")
		path = link
	}
	return ids, pages, largest
}

// got sends a GET and does not compare the answer with the description: for such large lists, that takes minutes.
func got(t *testing.T, api http.Handler, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	api.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", path, nil))
	return w
}

// The list of a Task's runs is one array up to a size that ordinary runs do not reach. A larger list is split into
// pages of at most this size, and each links to the next.
func TestCase51ListIsBoundedInBytes(t *testing.T) {
	large, log := fixture.JSON(`{"x":"`+strings.Repeat("x", 250_000)+`"}`), strings.Repeat("y", 1000)
	for name, c := range map[string]struct {
		runs  int
		with  func(*v1alpha1.TaskExecution)
		path  string
		pages int
	}{
		"ordinary runs":        {300, func(e *v1alpha1.TaskExecution) { e.Status.Logs = logsOf(10, log) }, "/tasks/running/sync", 1},
		"large params":         {150, func(e *v1alpha1.TaskExecution) { e.Spec.Params = large }, "/tasks/running/sync", 3},
		"large results":        {150, func(e *v1alpha1.TaskExecution) { e.Status.Result = large }, "/tasks/running/sync?logs=false", 3},
		"long logs":            {60, func(e *v1alpha1.TaskExecution) { e.Status.Logs = logsOf(500, log) }, "/tasks/running/sync", 2},
		"long logs, left out":  {60, func(e *v1alpha1.TaskExecution) { e.Status.Logs = logsOf(500, log) }, "/tasks/running/sync?logs=false", 1},
		"pages of large runs":  {150, func(e *v1alpha1.TaskExecution) { e.Spec.Params = large }, "/tasks/running/sync?limit=100", 3},
		"pages, and log tails": {60, func(e *v1alpha1.TaskExecution) { e.Status.Logs = logsOf(500, log) }, "/tasks/running/sync?limit=60", 2},
	} {
		t.Run(name, func(t *testing.T) {
			store := newFakeStore(fixture.Task("sync"))
			for i := range c.runs {
				e := fixture.Execution(fmt.Sprintf("run-%03d", i), "sync", v1alpha1.PhaseCompleted, i)
				c.with(e)
				store.add(e)
			}
			ids, pages, largest := follows(t, facade(store), c.path)
			seen := map[string]bool{}
			for _, id := range ids {
				seen[id] = true
			}
			if len(ids) != c.runs || len(seen) != c.runs || pages != c.pages || largest > runs.MaxListBytes+runs.MaxListBytes/16 {
				t.Errorf("%d runs (%d different) of %d on %d pages, want %d; the largest has %d bytes", len(ids), len(seen), c.runs, pages, c.pages, largest)
			}
		})
	}
}

// The pages of the history are bounded in the same way.
func TestCase51HistoryIsBoundedInBytes(t *testing.T) {
	store := newFakeStore(fixture.Task("sync"))
	for i := range 100 {
		e := fixture.Execution(fmt.Sprintf("run-%03d", i), "sync", v1alpha1.PhaseCompleted, i)
		e.Spec.Params = fixture.JSON(`{"x":"` + strings.Repeat("x", 250_000) + `"}`)
		store.add(e)
	}
	api, found, path := facade(store), 0, "/tasks/executions"
	for path != "" {
		w := got(t, api, path)
		var page runs.History
		if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || w.Body.Len() > runs.MaxListBytes+runs.MaxListBytes/16 {
			t.Fatalf("%d, %d bytes, %v", w.Code, w.Body.Len(), err)
		}
		found += len(page.Executions)
		if path = ""; page.NextCursor != "" {
			path = "/tasks/executions?cursor=" + page.NextCursor
		}
	}
	if found != 100 {
		t.Errorf("%d runs, want 100", found)
	}
}

func logsOf(n int, message string) (logs []v1alpha1.LogEntry) {
	for range n {
		logs = append(logs, v1alpha1.LogEntry{Level: "info", Message: message})
	}
	return logs
}

// Params that are nested as deep as the API server allows do not keep anybody from reading other runs. REST refuses
// such params with an explanation.
func TestCase49DeepParamsOverREST(t *testing.T) {
	store := newFakeStore(fixture.Task("sync"))
	deep := func(levels int) string { return strings.Repeat("[", levels) + strings.Repeat("]", levels) }
	e := fixture.Execution("deep", "sync", v1alpha1.PhaseFailed)
	e.Spec.Params = fixture.JSON(`{"x":` + deep(9996) + `}`)
	store.add(e, fixture.Execution("flat", "sync", v1alpha1.PhaseCompleted))
	api := facade(store)
	for _, path := range []string{"/tasks/running/sync", "/tasks/executions", "/tasks/executions/deep", "/tasks/running/execution/deep", "/tasks/executions/deep/explain"} {
		w := got(t, api, path)
		if w.Code != http.StatusOK || !json.Valid(w.Body.Bytes()) {
			t.Errorf("GET %s: %d %.200s", path, w.Code, w.Body)
		}
	}
	for _, levels := range []int{65, 9_990, 10_000, 400_000} {
		body := `{"params":{"x":` + deep(levels) + `}}`
		for _, path := range []string{"/tasks/sync/execute/api", "/tasks/sync/execute/manual?dryRun=true", "/tasks/executions/flat/rerun"} {
			w := call(t, api, "POST", path, body)
			if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "deep") && !strings.Contains(w.Body.String(), "depth") {
				t.Errorf("%d levels to %s: %d %.300s", levels, path, w.Code, w.Body)
			}
		}
	}
}
