// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package apiserver

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/submit"
)

// replica returns another facade over the same namespace, with its own cache.
func (l lab) replica(t *testing.T) lab {
	t.Helper()
	return facadeOf(t, l.namespace)
}

func (l lab) stored(t *testing.T) []v1alpha1.TaskExecution {
	t.Helper()
	list := &v1alpha1.TaskExecutionList{}
	if err := adminClient.List(t.Context(), list, client.InNamespace(l.namespace)); err != nil {
		t.Fatal(err)
	}
	return list.Items
}

// Many concurrent retries at two replicas create one execution. A retry with another body is refused.
func TestOneExecutionForAKey(t *testing.T) {
	l := newLab(t)
	l.task(t, "sync")
	replicas := []lab{l, l.replica(t)}
	const keys, retries = 5, 20
	type outcome struct {
		code     int
		id       string
		replayed bool
	}
	outcomes := make([][]outcome, keys)
	var all sync.WaitGroup
	for k := range keys {
		outcomes[k] = make([]outcome, retries)
		for i := range retries {
			all.Go(func() {
				body := `{"params":{"a":1,"b":[1,2]}}`
				if i%2 == 1 {
					body = `{"params":{"b":[1,2],"a":1}}`
				}
				if i == retries-1 {
					body = `{"params":{"a":2}}`
				}
				w := call(t, replicas[i%2], "POST", "/tasks/sync/execute/api", body, submit.HeaderIdempotencyKey, fmt.Sprintf(`"key-%d"`, k))
				o := outcome{code: w.Code, replayed: w.Header().Get(submit.HeaderReplayed) != ""}
				if w.Code == http.StatusOK {
					var answer submit.Started
					if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
						t.Error(err)
					}
					o.id = answer.ExecutionID
				}
				outcomes[k][i] = o
			})
		}
	}
	all.Wait()
	if got := len(l.stored(t)); got != keys {
		t.Errorf("%d executions of %d keys", got, keys)
	}
	for k, of := range outcomes {
		ids, first, refused := map[string]bool{}, 0, 0
		for _, o := range of {
			switch {
			case o.code == http.StatusConflict:
				refused++
			case o.code != http.StatusOK:
				t.Errorf("key %d: status %d", k, o.code)
			default:
				ids[o.id] = true
				if !o.replayed {
					first++
				}
			}
		}
		// The request with another body is refused. If it came first, all the others are.
		if len(ids) != 1 || first != 1 || refused != 1 && refused != retries-1 {
			t.Errorf("key %d: executions %v, %d answers of a first, %d refusals", k, ids, first, refused)
		}
	}
}

// The execution as the API server stores it still has the digest of the request, so that a repetition is recognized.
// When an execution is deleted, its key is free again.
func TestRepetitionOfWhatIsStored(t *testing.T) {
	l := newLab(t)
	l.task(t, "sync")
	other := l.replica(t)
	const path, body = "/tasks/sync/execute/manual", `{"params":{"b":9007199254740993,"a":0.10,"t":"$(x) <y>"}}`
	first, _ := submitted(t, l, path, "k", body)
	e := l.live(t, first.ExecutionID)
	if err := l.phase(t.Context(), e, v1alpha1.PhaseFailed); err != nil {
		t.Fatal(err)
	}
	again, replayed := submitted(t, other, path, "k", body)
	if !replayed || again.ExecutionID != first.ExecutionID || again.Status != "failed" {
		t.Errorf("after its end: %+v", again)
	}
	if err := adminClient.Delete(t.Context(), l.live(t, first.ExecutionID)); err != nil {
		t.Fatal(err)
	}
	// The cache may still have the execution, but the API server decides.
	anew, replayed := submitted(t, l, path, "k", body)
	if replayed || anew.ExecutionID != first.ExecutionID || l.live(t, anew.ExecutionID).UID == e.UID {
		t.Errorf("after its deletion: %+v", anew)
	}
}
