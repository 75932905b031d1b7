package apiserver

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestIdempotencyKey(t *testing.T) {
	longest := strings.Repeat("k", maxIdempotencyKey)
	for name, c := range map[string]struct {
		sent []string
		key  string
		says string
	}{
		"none":                         {nil, "", ""},
		"a quoted UUID":                {[]string{`"8e03978e-40d5-43dd-bc93-6894a57f9324"`}, "8e03978e-40d5-43dd-bc93-6894a57f9324", ""},
		"a bare one":                   {[]string{`8e03978e-40d5-43dd-bc93-6894a57f9324`}, "8e03978e-40d5-43dd-bc93-6894a57f9324", ""},
		"with space around":            {[]string{" k\t"}, "k", ""},
		"escapes":                      {[]string{`"a\"b\\c"`}, `a"b\c`, ""},
		"a quote within a bare one":    {[]string{`a"b`}, `a"b`, ""},
		"the longest":                  {[]string{longest}, longest, ""},
		"the longest, quoted":          {[]string{`"` + longest + `"`}, longest, ""},
		"too long":                     {[]string{longest + "k"}, "", "has 256 characters"},
		"empty":                        {[]string{""}, "", "is empty"},
		"empty quotes":                 {[]string{`""`}, "", "is empty"},
		"open quotes":                  {[]string{`"abc`}, "", "no closing quote"},
		"a lone quote":                 {[]string{`"`}, "", "no closing quote"},
		"a backslash at the end":       {[]string{`"abc\`}, "", "backslash"},
		"another escape":               {[]string{`"a\nb"`}, "", "backslash"},
		"a parameter":                  {[]string{`"abc";v=1`}, "", "after its closing quote"},
		"a space":                      {[]string{`a b`}, "", "character at 1 that is not visible ASCII"},
		"not ASCII":                    {[]string{"同步"}, "", "not visible ASCII"},
		"a control character":          {[]string{"a\x7f"}, "", "not visible ASCII"},
		"twice":                        {[]string{"a", "a"}, "", "stands 2 times"},
		"a comma, which is one string": {[]string{"a,b"}, "a,b", ""},
	} {
		t.Run(name, func(t *testing.T) {
			key, err := idempotencyKey(http.Header{headerIdempotencyKey: c.sent})
			if key != c.key || (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %q, %v; want %q, %q", key, err, c.key, c.says)
			}
			if err != nil && problemOf(err).Status != http.StatusBadRequest {
				t.Errorf("status %d", problemOf(err).Status)
			}
		})
	}
}

// FuzzIdempotencyKey: what is taken for a key is one, and comes out of quotes as it went in.
func FuzzIdempotencyKey(f *testing.F) {
	for _, seed := range []string{``, `a`, `"a"`, `"a\"b"`, `"\\"`, `"`, "\x00", `a";`, `"a`} {
		f.Add(seed)
	}
	quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	f.Fuzz(func(t *testing.T, sent string) {
		key, err := idempotencyKey(http.Header{headerIdempotencyKey: {sent}})
		if err != nil {
			if key != "" {
				t.Errorf("%q gives %q and %v", sent, key, err)
			}
			return
		}
		if checkIdempotencyKey(key) != nil {
			t.Errorf("%q gives the key %q", sent, key)
		}
		again, err := idempotencyKey(http.Header{headerIdempotencyKey: {`"` + quote.Replace(key) + `"`}})
		if again != key || err != nil {
			t.Errorf("%q in quotes gives %q, %v", key, again, err)
		}
	})
}

func TestExecutionID(t *testing.T) {
	same := executionID("ns", "sync", "k")
	if id, err := uuid.Parse(same); err != nil || id.Version() != 8 || id.Variant() != uuid.RFC4122 || id.String() != same {
		t.Errorf("%q is no UUID of version 8: %v", same, err)
	}
	// What is recorded must be found after an update of the facade: the id of a key never changes.
	if want := "c7d119d4-5bd2-8f73-9f12-19cc6f8be1b0"; same != want {
		t.Errorf("the id is %s, and was %s in earlier versions", same, want)
	}
	seen := map[string]bool{same: true}
	for _, other := range [][3]string{{"ns", "sync", "K"}, {"ns", "sync2", "k"}, {"ns", "syn", "ck"}, {"n", "ssync", "k"}, {"ns2", "sync", "k"}, {"ns", "sync", ""}, {"ns", "sync", ""}} {
		id := executionID(other[0], other[1], other[2])
		if seen[id] {
			t.Errorf("%q has the id of another", other)
		}
		seen[id] = true
	}
}

func TestDigestOf(t *testing.T) {
	digest := func(key, given string) string { return digestOf(key, []byte(given)) }
	want := digest("k", `{"a":1,"b":{"c":[1,2],"d":"<x>"}}`)
	for _, same := range []string{`{"b":{"d":"<x>","c":[1,2]},"a":1}`, " {\"a\": 1,\n\"b\":{\"c\":[1, 2],\"d\":\"\\u003cx>\"}} "} {
		if digest("k", same) != want {
			t.Errorf("%s is another body", same)
		}
	}
	for _, other := range []string{`{"a":1,"b":{"c":[2,1],"d":"<x>"}}`, `{"a":"1","b":{"c":[1,2],"d":"<x>"}}`, `{"a":1.0,"b":{"c":[1,2],"d":"<x>"}}`, `{"a":1}`, `{}`, ``} {
		if digest("k", other) == want {
			t.Errorf("%s is the same body", other)
		}
	}
	if digest("k", ``) != digest("k", `{}`) {
		t.Error("no params and empty params differ")
	}
	if digest("other", `{}`) == digest("k", `{}`) {
		t.Error("who has another key gets the same digest, and could try bodies")
	}
	for _, bad := range []string{`[]`, `{`, `{"a":1,"a":1}`, "\xff"} {
		if got := digest("k", bad); got != "" {
			t.Errorf("%q has the digest %s", bad, got)
		}
	}
}

// submitted sends an execute request with a key and gives its answer.
func submitted(t *testing.T, api http.Handler, path, key, body string) (wireStarted, bool) {
	t.Helper()
	w := call(t, api, "POST", path, body, headerIdempotencyKey, key)
	var answer wireStarted
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%s with %s: %d %s", path, key, w.Code, w.Body)
	}
	return answer, w.Header().Get(headerReplayed) == "true"
}

func TestExecuteWithAKey(t *testing.T) {
	const path = "/tasks/sync/execute/manual"
	store := newFakeStore(aTask("sync", midSchema), aTask("other", midSchema))
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
		w := call(t, api, "POST", path, body, headerIdempotencyKey, "k1")
		if p := wantProblem(t, w, http.StatusConflict, "another body"); !strings.Contains(p.Detail, first.ExecutionID) {
			t.Errorf("%s: %s", name, p.Detail)
		}
	}
	wantProblem(t, call(t, api, "POST", path, `{"params":[]}`, headerIdempotencyKey, "k1"), http.StatusBadRequest, "must be a JSON object")
	wantProblem(t, call(t, api, "POST", path, `{"params":{"mid":1}}`, headerIdempotencyKey, "a b"), http.StatusBadRequest, headerIdempotencyKey)
	if len(store.executions) != 1 {
		t.Errorf("%d executions of one key", len(store.executions))
	}
	for name, c := range map[string][2]string{"another key": {path, "k2"}, "another task": {"/tasks/other/execute/manual", "k1"}} {
		if other, replayed := submitted(t, api, c[0], c[1], `{"params":{"mid":1,"force":true}}`); replayed || other.ExecutionID == first.ExecutionID {
			t.Errorf("%s: the same execution", name)
		}
	}
}

// A repetition gets its execution whatever has become of it and of its task.
func TestRepetitionOutlivesChange(t *testing.T) {
	const path, body = "/tasks/sync/execute/manual", `{"params":{"mid":1}}`
	store := newFakeStore(aTask("sync", midSchema))
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
	wantProblem(t, call(t, api, "POST", path, `{"params":{"mid":2}}`, headerIdempotencyKey, "k"), http.StatusConflict, "another body")
	delete(store.tasks, "sync")
	if again, _ := submitted(t, api, path, "k", body); again.ExecutionID != first.ExecutionID {
		t.Errorf("a task that is gone: %+v", again)
	}
	wantProblem(t, call(t, api, "POST", path, body, headerIdempotencyKey, "k2"), http.StatusNotFound, "no task")

	// Who deletes an execution forgets it, with its key.
	store.tasks["sync"] = aTask("sync", midSchema)
	delete(store.executions, first.ExecutionID)
	if again, replayed := submitted(t, api, path, "k", body); replayed || again.ExecutionID != first.ExecutionID || again.Status != "running" {
		t.Errorf("after its deletion: %+v", again)
	}
}

// An execution that a person made under the very name is none of the facade's.
func TestKeyWhoseNameIsTaken(t *testing.T) {
	store := newFakeStore(aTask("sync"))
	store.add(anExecution(executionID("default", "sync", "k"), "sync", v1alpha1.PhaseRunning))
	wantProblem(t, call(t, facade(store), "POST", "/tasks/sync/execute/api", "", headerIdempotencyKey, "k"), http.StatusConflict, "use a new key")
}

func TestRetriesAtOnce(t *testing.T) {
	store := newFakeStore(aTask("sync"))
	api := facade(store)
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() { call(t, api, "POST", "/tasks/sync/execute/api", "", headerIdempotencyKey, "k") })
	}
	all.Wait()
	if len(store.executions) != 1 {
		t.Errorf("%d executions of one key", len(store.executions))
	}
}
