// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/runs"
	"github.com/taskexec/taskexec/apiserver/submit"
)

const (
	cancelByFilter = "/tasks/executions/cancel/by-filter"
	rerunByFilter  = "/tasks/executions/rerun/by-filter"
)

// bulkStore has runs of two tasks: of each three that run, and three that have failed.
func bulkStore() *fakeStore {
	store := newFakeStore(fixture.Task("sync"), fixture.Task("other"))
	for i := range 3 {
		for _, task := range []string{"sync", "other"} {
			running, failed := fixture.Execution(fmt.Sprintf("%s-runs-%d", task, i), task, v1alpha1.PhaseRunning, i), fixture.Execution(fmt.Sprintf("%s-failed-%d", task, i), task, v1alpha1.PhaseFailed, i)
			running.Labels = map[string]string{"n": fmt.Sprint(i)}
			failed.Labels = map[string]string{"n": fmt.Sprint(i)}
			store.add(running).add(failed)
		}
	}
	return store
}

func TestCancelByFilter(t *testing.T) {
	store := bulkStore()
	api := facade(store)
	if got := ok[runs.CancelByFilterResponse](t, api, "DELETE", cancelByFilter+"?taskName=sync&dryRun=true", ""); got.Matched != 3 || len(got.Cancelled) != 0 || !got.DryRun || got.Remaining != 0 {
		t.Errorf("a dry run: %+v", got)
	}
	for _, e := range store.executions {
		if e.Spec.Cancel != nil {
			t.Fatalf("a dry run cancelled %s", e.Name)
		}
	}
	if got := ok[runs.CancelByFilterResponse](t, api, "DELETE", cancelByFilter+"?taskName=sync&limit=2", `{"reason":"wrong data"}`); got.Matched != 3 || len(got.Cancelled) != 2 || got.Remaining != 1 {
		t.Errorf("with a limit: %+v", got)
	}
	if got := ok[runs.CancelByFilterResponse](t, api, "DELETE", cancelByFilter+"?taskName=sync&limit=2", ""); got.Matched != 1 || len(got.Cancelled) != 1 || got.Remaining != 0 {
		t.Errorf("the rest: %+v", got)
	}
	if got := ok[runs.CancelByFilterResponse](t, api, "DELETE", cancelByFilter+"?label=n%3D1&status=running&source=kubectl", ""); len(got.Cancelled) > 1 {
		t.Errorf("by label: %+v", got)
	}
	for name, e := range store.executions {
		switch cancelled := e.Spec.Cancel != nil; {
		case strings.HasPrefix(name, "sync-runs") && !cancelled, !strings.Contains(name, "-runs-") && cancelled:
			t.Errorf("%s is cancelled: %t", name, cancelled)
		case strings.HasPrefix(name, "sync-runs") && e.Spec.Cancel.RequestedBy == "":
			t.Errorf("%s does not say who cancelled it", name)
		}
	}
	for query, says := range map[string]string{
		"": "a filter is missing", "?dryRun=true": "a filter is missing", "?limit=5": "a filter is missing", "?taskName=sync&limit=1001": "limit",
		"?taskname=sync": "unknown", "?startDate=2026-01-02&endDate=2026-01-01": "after the endDate", "?taskName=sync&cursor=x": "unknown",
	} {
		wantProblem(t, call(t, api, "DELETE", cancelByFilter+query, ""), http.StatusBadRequest, says)
	}
}

func TestRerunByFilter(t *testing.T) {
	store := bulkStore()
	api := facade(store)
	if got := ok[submit.RerunByFilterResponse](t, api, "POST", rerunByFilter+"?taskName=sync&status=failed&dryRun=true", ""); got.Matched != 3 || len(got.Started) != 0 || !got.DryRun || len(store.executions) != 12 {
		t.Errorf("a dry run: %+v", got)
	}
	wantProblem(t, call(t, api, "POST", rerunByFilter+"?status=failed&limit=5", ""), http.StatusConflict, "6 runs, more than 5: nothing was started")
	if len(store.executions) != 12 {
		t.Error("runs were started all the same")
	}
	var first []submit.StartedRerun
	for range 2 { // the second request is a repetition
		w := call(t, api, "POST", rerunByFilter+"?taskName=sync&label=n%21%3D1&status=failed", "", submit.HeaderIdempotencyKey, "key")
		got := decoded[submit.RerunByFilterResponse](t, w)
		if got.Matched != 2 || len(got.Started) != 2 || len(got.Failed) != 0 {
			t.Fatalf("%+v", got)
		}
		if first == nil {
			first = got.Started
		}
		if !slices.Equal(first, got.Started) || len(store.executions) != 14 {
			t.Errorf("the repetition started %+v, the request %+v", got.Started, first)
		}
	}
	for _, s := range first {
		e := store.executions[s.ExecutionID]
		if e == nil || e.Annotations[v1alpha1.AnnotationRerunOf] != s.RerunOf || e.Spec.TaskRef.Name != "sync" || e.Labels["n"] != store.executions[s.RerunOf].Labels["n"] {
			t.Errorf("%+v is %+v", s, e)
		}
	}
	delete(store.tasks, "other")
	got := ok[submit.RerunByFilterResponse](t, api, "POST", rerunByFilter+"?taskName=other&status=failed", "")
	if len(got.Failed) != 3 || got.Failed[0].Status != http.StatusNotFound || !strings.Contains(got.Failed[0].Detail, "other") || len(got.Started) != 0 {
		t.Errorf("of a task that is gone: %+v", got)
	}
	wantProblem(t, call(t, api, "POST", rerunByFilter, ""), http.StatusBadRequest, "a filter is missing")
}

// A bulk request takes the rights that single requests take.
func TestBulkTakesRights(t *testing.T) {
	store := bulkStore()
	api := facadeFor(store, newFakeGate(map[string][]string{
		"one":    {"cancel tasks/executions sync", "list tasks/executions sync", "execute tasks sync"},
		"reader": {"list taskexecutions"},
		"half":   {"list taskexecutions", "execute tasks sync"},
	}))
	for _, user := range []string{"one", "reader", "half"} {
		for _, c := range [][2]string{{"DELETE", cancelByFilter + "?status=running"}, {"POST", rerunByFilter + "?status=failed"}, {"POST", rerunByFilter + "?status=failed&dryRun=true"}} {
			wantProblem(t, call(t, api, c[0], c[1], "", bearing(user)...), http.StatusForbidden, "may not")
		}
	}
	if len(store.executions) != 12 {
		t.Error("runs were started without the right to")
	}
	if w := call(t, api, "DELETE", cancelByFilter+"?taskName=sync", "", bearing("one")...); w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := call(t, api, "POST", rerunByFilter+"?taskName=sync&status=failed", "", bearing("one")...); w.Code != http.StatusOK || len(store.executions) != 15 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// decoded returns the body of an answer 200.
func decoded[T any](t *testing.T, w *httptest.ResponseRecorder) (answer T) {
	t.Helper()
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		t.Fatal(err)
	}
	return answer
}
