// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/runs"
	"github.com/taskexec/taskexec/apiserver/wire"
)

// aHistory returns a store with some executions of two tasks, newest first.
func aHistory() *fakeStore {
	store := newFakeStore(fixture.Task("sync"), fixture.Task("clean"), fixture.Task("idle"))
	for i, e := range []*v1alpha1.TaskExecution{
		fixture.Execution("a", "sync", v1alpha1.PhaseRunning, 10),
		fixture.Execution("b", "clean", v1alpha1.PhaseFailed, 20),
		fixture.Execution("c", "sync", v1alpha1.PhaseCompleted, 30),
		fixture.Execution("d", "sync", v1alpha1.PhaseCancelling, 30),
		fixture.Execution("e", "clean", v1alpha1.PhaseQueued, 40),
		fixture.Execution("f", "sync", v1alpha1.PhaseCompleted, 100_000),
	} {
		e.ResourceVersion = fmt.Sprint(100 + i)
		e.Status.Logs = []v1alpha1.LogEntry{{Level: v1alpha1.LogInfo, Message: "hello"}}
		store.add(e)
	}
	store.executions["b"].Spec.Trigger = v1alpha1.Trigger{Source: v1alpha1.TriggerSchedule, Name: "nightly"}
	store.executions["f"].Spec.Trigger = v1alpha1.Trigger{Source: v1alpha1.TriggerKubectl}
	return store
}

func idsOf(list []runs.ListedRecord) (ids string) {
	for _, e := range list {
		ids += e.ExecutionID
	}
	return ids
}

func TestHistory(t *testing.T) {
	api := facade(aHistory())
	for query, want := range map[string]string{
		"":                                   "abcdef",
		"sort=createdAt":                     "fedcba",
		"taskName=sync":                      "acdf",
		"taskName=nothing":                   "",
		"status=running":                     "ae",
		"status=completed,failed":            "bcf",
		"status=cancelled":                   "d",
		"source=schedule,kubectl":            "bf",
		"triggerName=nightly":                "b",
		"startDate=2025-11-25":               "abcde",
		"endDate=2025-11-24":                 "f",
		"startDate=2025-11-25T11:04:30Z":     "abcd",
		"startDate=2025-11-25T11:04:30.1Z":   "ab",
		"endDate=2025-11-25T11:04:30Z":       "cdef",
		"endDate=2025-11-25T11:04:29.9Z":     "ef",
		"taskName=sync&status=completed":     "cf",
		"taskName=clean&source=manual":       "e",
		"limit=2":                            "ab",
		"page=2&pageSize=2":                  "cd",
		"page=4&pageSize=2":                  "",
		"page=2&pageSize=1&status=completed": "f",
	} {
		got := ok[runs.History](t, api, "GET", "/tasks/executions?"+query, "")
		if idsOf(got.Executions) != want || got.Executions == nil {
			t.Errorf("%s: %s, want %s", query, idsOf(got.Executions), want)
		}
		if alias := ok[runs.History](t, api, "GET", "/tasks/executions/history?"+query, ""); idsOf(alias.Executions) != want {
			t.Errorf("the alias gives %s", idsOf(alias.Executions))
		}
		if paged := strings.Contains(query, "page"); paged != (got.Total != nil) || paged && got.NextCursor != "" {
			t.Errorf("%s: %+v", query, got)
		}
	}
	if got := ok[runs.History](t, api, "GET", "/tasks/executions?pageSize=2&taskName=sync", ""); *got.Total != 4 || got.Page != 1 || got.PageSize != 2 {
		t.Errorf("got %+v", got)
	}
}

func TestHistoryByCursor(t *testing.T) {
	api := facade(aHistory())
	for _, query := range []string{"limit=1", "limit=4&sort=createdAt", "limit=2&taskName=sync&status=completed,cancelled"} {
		_, filter, _ := strings.Cut(query, "&")
		all := ok[runs.History](t, api, "GET", "/tasks/executions?"+filter, "")
		var got []runs.ListedRecord
		for cursor := ""; ; {
			page := ok[runs.History](t, api, "GET", "/tasks/executions?"+query+cursor, "")
			if got = append(got, page.Executions...); page.NextCursor == "" {
				break
			}
			cursor = "&cursor=" + page.NextCursor
		}
		if idsOf(got) != idsOf(all.Executions) {
			t.Errorf("%s: %s, want %s", query, idsOf(got), idsOf(all.Executions))
		}
	}
}

// Lists have no logs unless the request asks for them. A single execution always has them.
func TestLogsInLists(t *testing.T) {
	api := facade(aHistory())
	for path, want := range map[string]bool{
		"/tasks/executions": false, "/tasks/executions?logs=true": true, "/tasks/executions/a": true,
		"/tasks/running/sync": true, "/tasks/running/sync?logs=false": false, "/tasks/running/sync?limit=1": true,
	} {
		w := call(t, api, "GET", path, "")
		if got := strings.Contains(w.Body.String(), `"logs":[{`); got != want || !want && strings.Contains(w.Body.String(), `"logs"`) {
			t.Errorf("%s: %s", path, w.Body)
		}
	}
	if got := ok[runs.Record](t, api, "GET", "/tasks/executions/f", ""); got.ExecutionID != "f" || got.CreatedAt.Unix() != time.Date(2025, 11, 24, 7, 18, 20, 0, time.UTC).Unix() {
		t.Errorf("got %+v", got)
	}
	wantProblem(t, call(t, api, "GET", "/tasks/executions/nothing", ""), http.StatusNotFound, `there is no execution "nothing"`)
}

// The documented list is a bare array, so the link to the next page is in a header.
func TestDocumentedListByPages(t *testing.T) {
	api := facade(aHistory())
	var got []string
	for path := "/tasks/running/sync?limit=3&logs=false"; path != ""; {
		w := call(t, api, "GET", path, "")
		var page []wire.Execution
		if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || w.Code != http.StatusOK {
			t.Fatalf("%s: %d %v", path, w.Code, err)
		}
		for _, e := range page {
			got = append(got, e.ExecutionID)
		}
		link, more, _ := strings.Cut(w.Header().Get("Link"), ">")
		if path = strings.TrimPrefix(link, "<"); path != "" && more != `; rel="next"` {
			t.Errorf("Link: %s", w.Header().Get("Link"))
		}
	}
	if !slices.Equal(got, []string{"a", "c", "d", "f"}) {
		t.Errorf("got %v", got)
	}
	if w := call(t, api, "GET", "/tasks/running/sync", ""); w.Header().Get("Link") != "" {
		t.Errorf("all of it goes on: %v", w.Header())
	}
}

// An ETag changes whenever the answer does. A matching ETag gives 304.
func TestTags(t *testing.T) {
	store := aHistory()
	store.tasks["sync"].ResourceVersion = "1"
	api := facade(store)
	paths := []string{
		"/tasks", "/tasks/sync", "/tasks/executions", "/tasks/executions?page=1", "/tasks/executions?limit=1", "/tasks/executions/a",
		"/tasks/running/execution/a", "/tasks/running/sync", "/tasks/running/sync?limit=1", "/tasks/stats/summary",
	}
	tags := map[string]string{}
	for _, path := range paths {
		first := call(t, api, "GET", path, "")
		tag := first.Header().Get("ETag")
		if !strings.HasPrefix(tag, `W/"`) {
			t.Fatalf("%s has the tag %q", path, tag)
		}
		tags[path] = tag
		for _, header := range []string{tag, strings.TrimPrefix(tag, "W/"), `"x", ` + tag, "*"} {
			w := call(t, api, "GET", path, "", "If-None-Match", header)
			if w.Code != http.StatusNotModified || w.Body.Len() > 0 || w.Header().Get("ETag") != tag {
				t.Errorf("%s with %s: %d %s", path, header, w.Code, w.Body)
			}
		}
	}
	changed := store.executions["a"].DeepCopy()
	changed.ResourceVersion, changed.Status.Phase = "200", v1alpha1.PhaseCompleted
	store.add(changed)
	store.tasks["sync"].ResourceVersion = "201"
	for _, path := range paths {
		w := call(t, api, "GET", path, "", "If-None-Match", tags[path])
		if w.Code != http.StatusOK || w.Header().Get("ETag") == tags[path] {
			t.Errorf("%s after a change: %d, tag %s", path, w.Code, w.Header().Get("ETag"))
		}
	}
	delete(store.executions, "f") // not on the page with a limit of one
	for path, want := range map[string]int{"/tasks/executions?limit=1": 304, "/tasks/executions?page=1&pageSize=1": 200, "/tasks/executions": 200, "/tasks/stats/summary": 200} {
		before := call(t, facade(aHistory().add(changed)), "GET", path, "").Header().Get("ETag")
		if w := call(t, api, "GET", path, "", "If-None-Match", before); w.Code != want {
			t.Errorf("%s after a deletion: %d, want %d", path, w.Code, want)
		}
	}
}

func TestDelete(t *testing.T) {
	store := aHistory()
	api := facade(store)
	for id, phase := range map[string]string{"a": "Running", "d": "Cancelling", "e": "Queued"} {
		wantProblem(t, call(t, api, "DELETE", "/tasks/executions/"+id, ""), http.StatusConflict, "its phase is "+phase+"; cancel it with DELETE /tasks/executions/cancel/by-ids")
	}
	for _, id := range []string{"b", "c", "f"} {
		if w := call(t, api, "DELETE", "/tasks/executions/"+id, ""); w.Code != http.StatusNoContent || w.Body.Len() > 0 {
			t.Errorf("%s: %d %s", id, w.Code, w.Body)
		}
		wantProblem(t, call(t, api, "DELETE", "/tasks/executions/"+id, ""), http.StatusNotFound, "there is no execution")
	}
	if len(store.executions) != 3 {
		t.Errorf("%d are left", len(store.executions))
	}
	store.add(fixture.Execution("history", "sync", v1alpha1.PhaseCompleted)) // a GET of this name is another route
	if w := call(t, api, "DELETE", "/tasks/executions/history", ""); w.Code != http.StatusNoContent {
		t.Errorf("an execution called history: %d %s", w.Code, w.Body)
	}
}

// constant is a Store with one execution that it returns at no cost.
type constant struct {
	Store
	execution *v1alpha1.TaskExecution
}

func (c constant) Execution(context.Context, string) (*v1alpha1.TaskExecution, error) {
	return c.execution, nil
}

// BenchmarkPoll polls a run with a log of 16 KiB through the whole handler chain.
func BenchmarkPoll(b *testing.B) {
	e := fixture.Took("a", "sync", v1alpha1.PhaseCompleted, 1500)
	for range 100 {
		e.Status.Logs = append(e.Status.Logs, v1alpha1.LogEntry{Level: v1alpha1.LogInfo, Message: strings.Repeat("x", 160)})
	}
	for _, version := range []string{"", "7"} { // without a version, no encoding is cached
		e.ResourceVersion = version
		api := facade(constant{newFakeStore(), e})
		b.Run("version "+version, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				call(b, api, "GET", "/tasks/running/execution/a", "")
			}
		})
	}
}
