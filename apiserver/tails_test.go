// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/runs"
	"github.com/taskexec/taskexec/apiserver/submit"
	"github.com/taskexec/taskexec/apiserver/wire"
)

// tailStore counts the reads of tails.
type tailStore struct {
	*fakeStore
	reads atomic.Int32
	// gone says that each run is deleted as soon as its tail is read.
	gone bool
}

func (s *tailStore) Whole(ctx context.Context, e *v1alpha1.TaskExecution) (*v1alpha1.TaskExecution, error) {
	if e.TailBytes > 0 {
		s.reads.Add(1)
	}
	if s.gone {
		s.mu.Lock()
		delete(s.executions, e.Name)
		s.mu.Unlock()
	}
	return s.fakeStore.Whole(ctx, e)
}

// withTail returns a failed run whose log is nowhere but in its tail.
func withTail(name string, age int) *v1alpha1.TaskExecution {
	e := took(name, "sync", v1alpha1.PhaseFailed, age, 1000)
	e.UID = types.UID("uid-of-" + name)
	e.Status.Logs = []v1alpha1.LogEntry{
		{Level: v1alpha1.LogError, Message: "the cause of " + name, Data: fixture.JSON(`{"a":1}`)},
		{Level: v1alpha1.LogInfo, Message: "task failed"},
	}
	e.Status.LogSummary = &v1alpha1.LogSummary{Entries: 2, Complete: true}
	e.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionLogsCaptured, Status: metav1.ConditionTrue, Reason: "Complete"}}
	return e
}

func withTails(t *testing.T) (*tailStore, http.Handler) {
	t.Helper()
	store := &tailStore{fakeStore: newFakeStore(fixture.WithContainer(fixture.Task("sync")))}
	for i := range 40 {
		store.add(withTail(fmt.Sprintf("run-%02d", i), i))
	}
	if e, err := store.Execution(t.Context(), "run-00"); err != nil || e.Status.Logs != nil || e.TailBytes == 0 {
		t.Fatalf("the store does not leave tails out: %v %v", e.Status.Logs, err)
	}
	return store, facade(store)
}

// tailRoutes are the routes that show the tail of the run run-07.
var tailRoutes = []string{
	"/tasks/running/execution/run-07",
	"/tasks/executions/run-07",
	"/tasks/executions/run-07/logs",
	"/tasks/executions/run-07/logs?tail=2",
	"/tasks/executions/run-07/logs?follow=true",
	"/tasks/executions/run-07/explain",
	"/tasks/executions/run-07/watch?logs=true",
	"/tasks/executions/run-07/diff?with=run-08",
	"/tasks/executions?logs=true&limit=50",
	"/tasks/running/sync",
	"/tasks/running/sync?limit=10",
}

// The store leaves tails out, and each route that shows a tail still shows it.
func TestTailsAreShown(t *testing.T) {
	store, api := withTails(t)
	for _, path := range tailRoutes {
		store.reads.Store(0)
		w := call(t, api, "GET", path, "")
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "the cause of run-07") {
			t.Errorf("GET %s: %d %.300s", path, w.Code, w.Body)
		}
		if store.reads.Load() == 0 {
			t.Errorf("GET %s shows a tail that it did not read", path)
		}
	}
	submitted := ok[submit.Started](t, keyed{api}, "POST", "/tasks/sync/execute/api", "").ExecutionID
	ran := withTail(submitted, 0)
	store.executions[submitted].UID, store.executions[submitted].Status = ran.UID, ran.Status
	if again := ok[submit.Started](t, keyed{api}, "POST", "/tasks/sync/execute/api", ""); again.ExecutionID != submitted || len(again.Logs) != 2 {
		t.Errorf("the answer to a repetition has the logs %+v", again.Logs)
	}
}

// keyed adds an Idempotency-Key to requests.
type keyed struct{ http.Handler }

func (k keyed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Header.Set(submit.HeaderIdempotencyKey, "key")
	k.Handler.ServeHTTP(w, r)
}

// What shows no tail reads none: lists without logs, polls of what was shown before, and streams without logs.
func TestTailsAreReadOnlyIfShown(t *testing.T) {
	store, api := withTails(t)
	tag := call(t, api, "GET", "/tasks/executions/run-07", "").Header().Get("ETag")
	store.reads.Store(0)
	for _, path := range []string{
		"/tasks/executions", "/tasks/executions?logs=false", "/tasks/running/sync?logs=false", "/tasks/executions/run-07", "/tasks/executions/run-07?wait=1s",
		"/tasks/executions/run-09/watch", "/tasks/stats/summary",
	} {
		if w := call(t, api, "GET", path, ""); w.Code != http.StatusOK {
			t.Errorf("GET %s: %d %s", path, w.Code, w.Body)
		}
	}
	if w := call(t, api, "GET", "/tasks/executions/run-07", "", "If-None-Match", tag); w.Code != http.StatusNotModified {
		t.Errorf("with the ETag %s: %d", tag, w.Code)
	}
	if store.reads.Load() != 0 {
		t.Errorf("%d tails were read", store.reads.Load())
	}
}

// A list has each run once and in order, with its own tail.
func TestListsHaveEachTail(t *testing.T) {
	store, api := withTails(t)
	list := ok[[]wire.Execution](t, api, "GET", "/tasks/running/sync", "")
	page := ok[runs.History](t, api, "GET", "/tasks/executions?logs=true&limit=100", "")
	if len(list) != 40 || len(page.Executions) != 40 || store.reads.Load() != 80 {
		t.Fatalf("%d and %d runs, %d reads", len(list), len(page.Executions), store.reads.Load())
	}
	for i := range list {
		for _, e := range []wire.Execution{list[i], page.Executions[i].Execution} {
			if e.ExecutionID != fmt.Sprintf("run-%02d", i) || len(e.Logs) != 2 || e.Logs[0].Message != "the cause of "+e.ExecutionID || string(e.Logs[0].Data) != `{"a":1}` {
				t.Errorf("run %d is %s with %+v", i, e.ExecutionID, e.Logs)
			}
		}
	}
}

// If the API server cannot be reached, an answer never lacks a tail silently.
func TestTailsThatCannotBeRead(t *testing.T) {
	store, api := withTails(t)
	store.fail = func(operation, _ string) error {
		if operation == "tail" {
			return &url.Error{Op: "Get", URL: "https://10.0.0.1", Err: errors.New("connection refused")}
		}
		return nil
	}
	for _, path := range tailRoutes {
		w := call(t, api, "GET", path, "")
		switch {
		case strings.HasSuffix(path, "/explain"):
			if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"complete":false`) || !strings.Contains(w.Body.String(), "kind Log could not be read") {
				t.Errorf("GET %s: %d %s", path, w.Code, w.Body)
			}
		case strings.Contains(path, "/watch"): // its client connects again
			if strings.Contains(w.Body.String(), "event: execution") || strings.Contains(w.Body.String(), "event: end") {
				t.Errorf("GET %s: %d %s", path, w.Code, w.Body)
			}
		default:
			wantProblem(t, w, http.StatusServiceUnavailable, "Kubernetes cannot be reached")
		}
	}
}

// A run that is deleted while its tail is read is gone, and a list still has it as it was listed.
func TestDeletedWhileTheTailIsRead(t *testing.T) {
	for _, path := range tailRoutes[:5] {
		store, api := withTails(t)
		store.gone = true
		wantProblem(t, call(t, api, "GET", path, ""), http.StatusNotFound, `no execution "run-07"`)
	}
	store, api := withTails(t)
	store.gone = true
	if list := ok[[]wire.Execution](t, api, "GET", "/tasks/running/sync", ""); len(list) != 40 || list[7].Logs == nil || len(list[7].Logs) != 0 {
		t.Errorf("%d runs, %+v", len(list), list[7])
	}
}
