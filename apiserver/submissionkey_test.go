// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/logs"
	"github.com/taskexec/taskexec/apiserver/submit"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/apiserver/wire"
)

// concealing returns a facade with an installation secret.
func concealing(store Store, secret string) http.Handler {
	s := &server{namespace: "default", stores: one{store}, metrics: web.NewMetrics(), logs: logs.NewReader(nil, nil, 100), timeout: patience}
	value := []byte(secret)
	s.secret = &submit.InstallationSecret{Namespace: "taskexec-system", Name: "taskexec-idempotency"}
	if secret != "" {
		s.secret.Value.Store(&value)
	}
	return s.handler(DefaultOptions())
}

// A reader of an execution cannot find its key by trying, even if the key is simple and everything else is known.
func TestCase60KeyCannotBeTried(t *testing.T) {
	store := newFakeStore(fixture.Task("sync"))
	api := concealing(store, "a secret of the installation, 32+")
	made, _ := submitted(t, api, "/tasks/sync/execute/api", "1234", `{"params":{"a":1}}`)
	shown, err := json.Marshal(store.executions[made.ExecutionID])
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10000 {
		key := fmt.Sprintf("%04d", i)
		for _, guess := range []string{submit.ExecutionID("default", "sync", key), submit.DigestOf(key, []byte(`{"a":1}`))} {
			if bytes.Contains(shown, []byte(guess)) {
				t.Fatalf("the execution shows that its key is %s: %s", key, shown)
			}
		}
	}
	other := concealing(store, "a secret of another installation.")
	if again, replayed := submitted(t, api, "/tasks/sync/execute/api", "1234", `{"params":{"a":1}}`); !replayed || again.ExecutionID != made.ExecutionID {
		t.Errorf("the repetition made %+v", again)
	}
	if elsewhere, replayed := submitted(t, other, "/tasks/sync/execute/api", "1234", `{"params":{"a":1}}`); replayed || elsewhere.ExecutionID == made.ExecutionID {
		t.Error("the id does not depend on the secret")
	}
}

// Each route that takes a key recognizes what a version without a secret created.
func TestCase60KeysOfBefore(t *testing.T) {
	store := newFakeStore(fixture.Task("sync")).add(fixture.Execution("first", "sync", v1alpha1.PhaseCompleted))
	store.schedules["nightly"] = &v1alpha1.TaskSchedule{ObjectMeta: metav1.ObjectMeta{Name: "nightly"}}
	store.schedules["nightly"].Spec.TaskRef.Name = "sync"
	before, after := facade(store), concealing(store, "a secret of the installation, 32+")
	for _, c := range []struct{ path, body, another string }{
		{"/tasks/sync/execute/api", `{"params":{"a":1}}`, `{"params":{"a":2}}`},
		{"/tasks/executions/first/rerun", "", `{"params":{"a":2}}`},
		{"/triggers/cron/nightly/run", "", ""},
	} {
		made, _ := submitted(t, before, c.path, "k", c.body)
		runs := len(store.executions)
		if again, replayed := submitted(t, after, c.path, "k", c.body); !replayed || again.ExecutionID != made.ExecutionID {
			t.Errorf("%s: the repetition after the upgrade made %+v", c.path, again)
		}
		if c.another != "" {
			wantProblem(t, call(t, after, "POST", c.path, c.another, submit.HeaderIdempotencyKey, "k"), http.StatusConflict, "another body")
		}
		rehearsal := submit.DryRun{}
		w := call(t, after, "POST", c.path+"?dryRun=true", c.body, submit.HeaderIdempotencyKey, "k")
		if err := json.Unmarshal(w.Body.Bytes(), &rehearsal); err != nil {
			t.Fatalf("%v in %d %s", err, w.Code, w.Body)
		}
		if rehearsal.Outcome != submit.OutcomeRepeat || rehearsal.ExecutionID != made.ExecutionID {
			t.Errorf("%s: a dry run says %+v", c.path, rehearsal)
		}
		if len(store.executions) != runs {
			t.Errorf("%s: a second run was made", c.path)
		}
	}
	delete(store.tasks, "sync") // the refusal is new; the execution exists
	if _, replayed := submitted(t, after, "/tasks/sync/execute/api", "k", `{"params":{"a":1}}`); !replayed {
		t.Error("a task that is gone: the repetition is not known")
	}
}

// Without its secret, a facade refuses keys, because it could not recognize a repetition. Everything else is served.
func TestCase60WithoutTheSecret(t *testing.T) {
	store := newFakeStore(fixture.Task("sync"))
	api := concealing(store, "")
	w := call(t, api, "POST", "/tasks/sync/execute/api", "", submit.HeaderIdempotencyKey, "k")
	wantProblem(t, w, http.StatusServiceUnavailable, "Secret")
	if w.Header().Get("Retry-After") == "" || len(store.executions) != 0 {
		t.Errorf("%d executions, %v", len(store.executions), w.Header())
	}
	ok[submit.Started](t, api, "POST", "/tasks/sync/execute/api", "")
	ok[[]wire.Task](t, api, "GET", "/tasks", "")
}
