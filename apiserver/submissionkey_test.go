package apiserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	kubetesting "k8s.io/client-go/testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// concealing is a facade with a secret.
func concealing(store Store, secret string) http.Handler {
	s := &server{namespace: "default", stores: one{store}, metrics: newRequestMetrics(), logs: newLogReader(nil, nil, 100), timeout: patience}
	value := []byte(secret)
	s.secret = &installationSecret{namespace: "taskexec-system", name: "taskexec-idempotency"}
	if secret != "" {
		s.secret.value.Store(&value)
	}
	return s.handler(DefaultOptions())
}

// Who can read an execution and knows all but the key cannot find it by trying, however simple it is.
func TestCase60KeyCannotBeTried(t *testing.T) {
	store := newFakeStore(aTask("sync"))
	api := concealing(store, "a secret of the installation, 32+")
	made, _ := submitted(t, api, "/tasks/sync/execute/api", "1234", `{"params":{"a":1}}`)
	shown, err := json.Marshal(store.executions[made.ExecutionID])
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10000 {
		key := fmt.Sprintf("%04d", i)
		for _, guess := range []string{executionID("default", "sync", key), digestOf(key, []byte(`{"a":1}`))} {
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

// What a version without a secret made is known again, on each route that takes a key.
func TestCase60KeysOfBefore(t *testing.T) {
	store := newFakeStore(aTask("sync")).add(anExecution("first", "sync", v1alpha1.PhaseCompleted))
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
			wantProblem(t, call(t, after, "POST", c.path, c.another, headerIdempotencyKey, "k"), http.StatusConflict, "another body")
		}
		rehearsal := wireRehearsal{}
		w := call(t, after, "POST", c.path+"?dryRun=true", c.body, headerIdempotencyKey, "k")
		if err := json.Unmarshal(w.Body.Bytes(), &rehearsal); err != nil {
			t.Fatalf("%v in %d %s", err, w.Code, w.Body)
		}
		if rehearsal.Outcome != outcomeRepeat || rehearsal.ExecutionID != made.ExecutionID {
			t.Errorf("%s: a dry run says %+v", c.path, rehearsal)
		}
		if len(store.executions) != runs {
			t.Errorf("%s: a second run was made", c.path)
		}
	}
	delete(store.tasks, "sync") // what is refused now was made then
	if _, replayed := submitted(t, after, "/tasks/sync/execute/api", "k", `{"params":{"a":1}}`); !replayed {
		t.Error("a task that is gone: the repetition is not known")
	}
}

// Without its secret, a facade takes no key: it could not tell a repetition. Everything else is served.
func TestCase60WithoutTheSecret(t *testing.T) {
	store := newFakeStore(aTask("sync"))
	api := concealing(store, "")
	w := call(t, api, "POST", "/tasks/sync/execute/api", "", headerIdempotencyKey, "k")
	wantProblem(t, w, http.StatusServiceUnavailable, "Secret")
	if w.Header().Get("Retry-After") == "" || len(store.executions) != 0 {
		t.Errorf("%d executions, %v", len(store.executions), w.Header())
	}
	ok[wireStarted](t, api, "POST", "/tasks/sync/execute/api", "")
	ok[[]wireTask](t, api, "GET", "/tasks", "")
}

// The secret is made once, kept, shared, and judged.
func TestCase60SecretIsMadeOnce(t *testing.T) {
	secretOf := func() *installationSecret {
		return &installationSecret{namespace: "taskexec-system", name: "taskexec-idempotency"}
	}
	stored := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "taskexec-system", Name: "taskexec-idempotency"}}
	client := fake.NewClientset(stored)
	first, second := secretOf(), secretOf()
	for _, s := range []*installationSecret{first, second} {
		if err := s.read(t.Context(), client); err != nil {
			t.Fatal(err)
		}
	}
	if a, b := *first.value.Load(), *second.value.Load(); len(a) != secretBytes || !bytes.Equal(a, b) {
		t.Errorf("two replicas have %x and %x", a, b)
	}
	for name, c := range map[string]struct {
		objects []runtime.Object
		says    string
	}{
		"there is none": {nil, "config/apiserver/idempotency_secret.yaml"},
		"too short":     {[]runtime.Object{&corev1.Secret{ObjectMeta: stored.ObjectMeta, Data: map[string][]byte{secretField: []byte("short")}}}, "5 bytes, want at least 32"},
	} {
		s := secretOf()
		if err := s.read(t.Context(), fake.NewClientset(c.objects...)); err == nil || !bytes.Contains([]byte(err.Error()), []byte(c.says)) || s.value.Load() != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A Secret that cannot be read for a while is read later, without a restart.
func TestCase60SecretIsReadLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := fake.NewClientset(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "a", Name: "b"}})
		tries, tried := 0, 0
		client.PrependReactor("get", "secrets", func(kubetesting.Action) (bool, runtime.Object, error) {
			tries++
			return tries < 4, nil, errors.New("away")
		})
		s := &installationSecret{namespace: "a", name: "b"}
		s.keepTrying(t.Context(), client, logr.Discard(), func() { tried++ })
		if s.value.Load() == nil || tries != 4 || tried != 1 {
			t.Errorf("after %d tries: %v; %d times it was said that it was tried", tries, s.value.Load(), tried)
		}
	})
}
