// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/submit"
)

// submitted sends an execute request with a key and returns its answer.
func submitted(t *testing.T, api http.Handler, path, key, body string) (submit.Started, bool) {
	t.Helper()
	w := call(t, api, "POST", path, body, submit.HeaderIdempotencyKey, key)
	var answer submit.Started
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%s with %s: %d %s", path, key, w.Code, w.Body)
	}
	return answer, w.Header().Get(submit.HeaderReplayed) == "true"
}

func TestExecuteWithAKey(t *testing.T) {
	const path = "/tasks/sync/execute/manual"
	store := newFakeStore(fixture.Task("sync", midSchema), fixture.Task("other", midSchema))
	api := facade(store)
	first, replayed := submitted(t, api, path, "k1", `{"params":{"mid":1,"force":true}}`)
	if replayed || store.executions[first.ExecutionID] == nil {
		t.Fatalf("the first is taken for a repetition: %+v", first)
	}
	for name, c := range map[string]struct{ path, key, body string }{
		"as it was":                    {path, "k1", `{"params":{"mid":1,"force":true}}`},
		"in quotes":                    {path, `"k1"`, `{"params":{"mid":1,"force":true}}`},
		"written in another way":       {path, "k1", ` { "params" : {"force":true, "mid":1} } `},
		"at the other way of starting": {"/tasks/sync/execute/api", "k1", `{"params":{"mid":1,"force":true}}`},
	} {
		if again, replayed := submitted(t, api, c.path, c.key, c.body); again.ExecutionID != first.ExecutionID || !replayed {
			t.Errorf("%s: another execution %s", name, again.ExecutionID)
		}
	}
	for name, body := range map[string]string{
		"another value":    `{"params":{"mid":2,"force":true}}`,
		"one param less":   `{"params":{"mid":1}}`,
		"params that fail": `{"params":{"mid":"x"}}`,
		"no params":        ``,
	} {
		w := call(t, api, "POST", path, body, submit.HeaderIdempotencyKey, "k1")
		if p := wantProblem(t, w, http.StatusConflict, "another body"); !strings.Contains(p.Detail, first.ExecutionID) {
			t.Errorf("%s: %s", name, p.Detail)
		}
	}
	wantProblem(t, call(t, api, "POST", path, `{"params":[]}`, submit.HeaderIdempotencyKey, "k1"), http.StatusBadRequest, "must be a JSON object")
	wantProblem(t, call(t, api, "POST", path, `{"params":{"mid":1}}`, submit.HeaderIdempotencyKey, "a b"), http.StatusBadRequest, submit.HeaderIdempotencyKey)
	if len(store.executions) != 1 {
		t.Errorf("%d executions of one key", len(store.executions))
	}
	for name, c := range map[string][2]string{"another key": {path, "k2"}, "another task": {"/tasks/other/execute/manual", "k1"}} {
		if other, replayed := submitted(t, api, c[0], c[1], `{"params":{"mid":1,"force":true}}`); replayed || other.ExecutionID == first.ExecutionID {
			t.Errorf("%s: the same execution", name)
		}
	}
}

// A repetition returns its execution, even if it or its task has changed since.
func TestRepetitionOutlivesChange(t *testing.T) {
	const path, body = "/tasks/sync/execute/manual", `{"params":{"mid":1}}`
	store := newFakeStore(fixture.Task("sync", midSchema))
	api := facade(store)
	first, _ := submitted(t, api, path, "k", body)
	store.executions[first.ExecutionID].Status.Phase = v1alpha1.PhaseCompleted
	if again, _ := submitted(t, api, path, "k", body); again.ExecutionID != first.ExecutionID || again.Status != "completed" || again.Data.Status != "completed" {
		t.Errorf("after the end: %+v", again)
	}
	apimeta.SetStatusCondition(&store.tasks["sync"].Status.Conditions, metav1.Condition{
		Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse, ObservedGeneration: 1, Reason: "InvalidJobTemplate",
	})
	if again, _ := submitted(t, api, path, "k", body); again.ExecutionID != first.ExecutionID {
		t.Errorf("a task that cannot be run any more: %+v", again)
	}
	wantProblem(t, call(t, api, "POST", path, `{"params":{"mid":2}}`, submit.HeaderIdempotencyKey, "k"), http.StatusConflict, "another body")
	delete(store.tasks, "sync")
	if again, _ := submitted(t, api, path, "k", body); again.ExecutionID != first.ExecutionID {
		t.Errorf("a task that is gone: %+v", again)
	}
	wantProblem(t, call(t, api, "POST", path, body, submit.HeaderIdempotencyKey, "k2"), http.StatusNotFound, "no task")

	// Deleting an execution frees its key.
	store.tasks["sync"] = fixture.Task("sync", midSchema)
	delete(store.executions, first.ExecutionID)
	if again, replayed := submitted(t, api, path, "k", body); replayed || again.ExecutionID != first.ExecutionID || again.Status != "running" {
		t.Errorf("after its deletion: %+v", again)
	}
}

// An execution that a person created under the same name is not taken for the facade's.
func TestKeyWhoseNameIsTaken(t *testing.T) {
	store := newFakeStore(fixture.Task("sync"))
	store.add(fixture.Execution(submit.ExecutionID("default", "sync", "k"), "sync", v1alpha1.PhaseRunning))
	wantProblem(t, call(t, facade(store), "POST", "/tasks/sync/execute/api", "", submit.HeaderIdempotencyKey, "k"), http.StatusConflict, "use a new key")
}

func TestRetriesAtOnce(t *testing.T) {
	store := newFakeStore(fixture.Task("sync"))
	api := facade(store)
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() { call(t, api, "POST", "/tasks/sync/execute/api", "", submit.HeaderIdempotencyKey, "k") })
	}
	all.Wait()
	if len(store.executions) != 1 {
		t.Errorf("%d executions of one key", len(store.executions))
	}
}
