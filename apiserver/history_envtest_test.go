// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package apiserver

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/runs"
)

// The next page already includes this facade's own writes and deletions.
func TestHistorySeesOwnWrites(t *testing.T) {
	l := newLab(t)
	l.task(t, "sync")
	for i := range 20 {
		id := l.execute(t, "sync")
		page := ok[runs.History](t, l, "GET", "/tasks/executions?limit=100", "")
		if len(page.Executions) != i+1 || !strings.Contains(fmt.Sprint(page), id) {
			t.Fatalf("the page has %d executions and not %s", len(page.Executions), id)
		}
	}
	id := l.execute(t, "sync")
	ok[runs.CancelByIDsResponse](t, l, "DELETE", "/tasks/executions/cancel/by-ids", `{"executionIds":["`+id+`"]}`)
	if got := ok[runs.History](t, l, "GET", "/tasks/executions?status=cancelled", ""); len(got.Executions) != 1 || got.Executions[0].ExecutionID != id {
		t.Errorf("right after its cancel: %+v", got)
	}
	wantProblem(t, call(t, l, "DELETE", "/tasks/executions/"+id, ""), http.StatusConflict, "has not ended")
	if err := l.phase(t.Context(), l.live(t, id), v1alpha1.PhaseCancelled); err != nil {
		t.Fatal(err)
	}
	// The cache may not have the end yet, so the facade asks the API server.
	if w := call(t, l, "DELETE", "/tasks/executions/"+id, ""); w.Code != http.StatusNoContent {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if got := ok[runs.History](t, l, "GET", "/tasks/executions?status=cancelled", ""); len(got.Executions) != 0 {
		t.Errorf("right after its deletion: %+v", got)
	}
	wantProblem(t, call(t, l, "GET", "/tasks/executions/"+id, ""), http.StatusNotFound, "there is no execution")
	wantProblem(t, call(t, l, "DELETE", "/tasks/executions/"+id, ""), http.StatusNotFound, "there is no execution")
	if err := adminClient.Get(t.Context(), client.ObjectKey{Namespace: l.namespace, Name: id}, &v1alpha1.TaskExecution{}); !apierrors.IsNotFound(err) {
		t.Errorf("it is still there: %v", err)
	}
}

// A cursor is a position in the order of creation, so it stays valid when the facade restarts.
func TestCursorsSurviveARestart(t *testing.T) {
	l := newLab(t)
	for i := range 7 {
		l.create(t, fixture.Execution(fmt.Sprint("run-", i), "sync", ""))
	}
	until(t, "all are seen", func() bool {
		return len(ok[runs.History](t, l, "GET", "/tasks/executions", "").Executions) == 7
	})
	all := ok[runs.History](t, l, "GET", "/tasks/executions", "")
	first := ok[runs.History](t, l, "GET", "/tasks/executions?limit=3", "")
	again := facadeOf(t, l.namespace)
	rest := ok[runs.History](t, again, "GET", "/tasks/executions?limit=10&cursor="+first.NextCursor, "")
	if got := idsOf(first.Executions) + idsOf(rest.Executions); got != idsOf(all.Executions) || rest.NextCursor != "" {
		t.Errorf("got %s, want %s", got, idsOf(all.Executions))
	}
}

// A watch reports a run from its creation by the facade to its end, which another program writes.
func TestWatchARealRun(t *testing.T) {
	l := newLab(t)
	l.task(t, "sync")
	h := httptest.NewServer(l)
	t.Cleanup(h.Close)
	id := l.execute(t, "sync")
	all, one := follow(t, h.URL+"/tasks/watch?taskName=sync"), follow(t, h.URL+"/tasks/executions/"+id+"/watch")
	if got := one.next(t); !strings.HasSuffix(got, id+" Pending running") {
		t.Fatalf("got %q", got)
	}
	if got := all.next(t); !strings.HasPrefix(got, "ready ") {
		t.Fatalf("got %q", got)
	}
	etag := call(t, l, "GET", "/tasks/executions/"+id, "").Header().Get("ETag")
	waited := make(chan *httptest.ResponseRecorder, 1)
	go func() {
		waited <- call(t, l, "GET", "/tasks/running/execution/"+id+"?wait=20s", "", "If-None-Match", etag)
	}()
	for _, phase := range []v1alpha1.Phase{v1alpha1.PhaseRunning, v1alpha1.PhaseCompleted} {
		if err := l.phase(context.Background(), l.live(t, id), phase); err != nil {
			t.Fatal(err)
		}
		for name, r := range map[string]*reader{"all": all, "one": one} {
			if got := r.next(t); !strings.Contains(got, id+" "+string(phase)) {
				t.Fatalf("%s: got %q, want %s", name, got, phase)
			}
		}
	}
	if got := one.next(t); !strings.HasPrefix(got, "end ") {
		t.Errorf("got %q", got)
	}
	if w := <-waited; w.Code != http.StatusOK || w.Header().Get("ETag") == etag {
		t.Errorf("who waited got %d %s", w.Code, w.Header().Get("ETag"))
	}
	last := one.id
	if w := call(t, l, "GET", "/tasks/executions/"+id+"/watch", "", "Last-Event-ID", last); w.Code != http.StatusNoContent {
		t.Errorf("it comes again after the end: %d", w.Code)
	}
	if w := call(t, l, "DELETE", "/tasks/executions/"+id, ""); w.Code != http.StatusNoContent {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	seen := all.id
	if got := all.next(t); !strings.HasPrefix(got, "deleted ") || !strings.HasSuffix(got, id) {
		t.Errorf("got %q", got)
	}
	// A client that resumes from before the deletion learns of it. A facade that was started later says that it cannot
	// tell.
	if got := follow(t, h.URL+"/tasks/watch", "Last-Event-ID", seen).next(t); !strings.HasPrefix(got, "deleted ") {
		t.Errorf("got %q", got)
	}
	other := httptest.NewServer(facadeOf(t, l.namespace))
	t.Cleanup(other.Close)
	if got := follow(t, other.URL+"/tasks/watch", "Last-Event-ID", seen).next(t); !strings.HasPrefix(got, "reset ") {
		t.Errorf("a facade that knows nothing says %q", got)
	}
}
