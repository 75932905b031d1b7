// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/submit"
)

// unread fails the test if the store is read or written.
func unread(t *testing.T, store *fakeStore) {
	t.Helper()
	store.fail = func(operation, name string) error {
		t.Errorf("%s %s, for a caller that may not", operation, name)
		return errors.New("unread")
	}
}

// For a caller without rights, nothing is read, and the answer does not depend on what exists.
func TestNothingIsReadBeforeItIsAllowed(t *testing.T) {
	store := newFakeStore(fixture.Task("sync"))
	unread(t, store)
	api := facadeFor(store, newFakeGate(map[string][]string{"ann": {"other"}}))
	for _, r := range (&rooms{}).routes() {
		if r.right.Named == access.ByExecution || strings.HasSuffix(r.pattern, "/by-ids") {
			continue // see the next test
		}
		path := strings.NewReplacer("{taskName}", "sync", "{name}", "sync").Replace(r.pattern)
		wantProblem(t, call(t, api, r.method, path, bodyOf(path), bearing("ann")...), http.StatusForbidden, `"ann" may not `+r.right.Verb)
	}
}

// To decide about a run that the caller may not read by name, the facade reads its task. The answer does not show that.
func TestRefusalsDoNotTellWhatIsThere(t *testing.T) {
	store := newFakeStore(fixture.Task("sync")).add(fixture.Execution("run", "sync", v1alpha1.PhaseRunning))
	api := facadeFor(store, newFakeGate(map[string][]string{
		"stranger": {"other"}, "ofOther": {"get tasks/executions other", "get tasks/logs other", "cancel tasks/executions other"},
	}))
	refusal := func(user, method, path, body, name string) string {
		w := call(t, api, method, path, body, bearing(user)...)
		p := wantProblem(t, w, http.StatusForbidden, "may not")
		p.RequestID = ""
		raw, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		return strings.ReplaceAll(string(raw), name, "NAME")
	}
	for _, user := range []string{"stranger", "ofOther"} {
		for _, c := range [][3]string{
			{"GET", "/tasks/running/execution/%s", ""},
			{"GET", "/tasks/executions/%s/logs", ""},
			{"GET", "/tasks/executions/%s/logs?follow=true", ""},
			{"DELETE", "/tasks/executions/cancel/by-ids", `{"executionIds":["%s"]}`},
		} {
			there, away := "run", "not-there"
			path := func(name string) string { return strings.ReplaceAll(c[1], "%s", name) }
			body := func(name string) string { return strings.ReplaceAll(c[2], "%s", name) }
			a, b := refusal(user, c[0], path(there), body(there), there), refusal(user, c[0], path(away), body(away), away)
			if a != b {
				t.Errorf("%s %s tells them apart:\n%s\n%s", c[0], c[1], a, b)
			}
		}
	}
	if store.executions["run"].Spec.Cancel != nil {
		t.Error("the run was cancelled")
	}
}

// The right on all names is checked first and once, so that polling costs no further review.
func TestAnyComesFirst(t *testing.T) {
	store := newFakeStore(fixture.Task("sync"))
	for i := range 3 {
		store.add(fixture.Execution(fmt.Sprint("run", i), "sync", v1alpha1.PhaseRunning))
	}
	g := newFakeGate(map[string][]string{"ann": {"get taskexecutions"}})
	api := facadeFor(store, g)
	for i := range 3 {
		if w := call(t, api, "GET", fmt.Sprint("/tasks/running/execution/run", i), "", bearing("ann")...); w.Code != http.StatusOK {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	if got := slices.Compact(g.questions()); !slices.Equal(got, []string{"get taskexecutions"}) {
		t.Errorf("asked %q", got)
	}
	wantProblem(t, call(t, api, "GET", "/tasks/running/execution/nothing", "", bearing("ann")...), http.StatusNotFound, "there is no execution")
}

func TestOneTaskOnly(t *testing.T) {
	store := newFakeStore(fixture.Task("mine"), fixture.Task("other"))
	store.add(fixture.Execution("of-mine", "mine", v1alpha1.PhaseRunning), fixture.Execution("of-other", "other", v1alpha1.PhaseRunning))
	api := facadeFor(store, newFakeGate(map[string][]string{"ann": {
		"get tasks mine", "execute tasks mine", "get tasks/executions mine", "list tasks/executions mine", "cancel tasks/executions mine",
	}}))
	allowed := func(method, path, body string) {
		t.Helper()
		if w := call(t, api, method, path, body, bearing("ann")...); w.Code != http.StatusOK {
			t.Errorf("%s %s: %d %s", method, path, w.Code, w.Body)
		}
	}
	refused := func(method, path, body, says string) {
		t.Helper()
		wantProblem(t, call(t, api, method, path, body, bearing("ann")...), http.StatusForbidden, says)
	}
	allowed("GET", "/tasks/mine", "")
	allowed("POST", "/tasks/mine/execute/api", "")
	allowed("GET", "/tasks/running/execution/of-mine", "")
	allowed("GET", "/tasks/running/mine", "")
	refused("GET", "/tasks/other", "", `may not get tasks "other" in the namespace "default"`)
	refused("GET", "/tasks", "", "may not list tasks in")
	refused("POST", "/tasks/other/execute/api", "", `may not execute tasks "other"`)
	refused("GET", "/tasks/running/execution/of-other", "", `may not get taskexecutions "of-other"`)
	refused("GET", "/tasks/running/other", "", `may not list taskexecutions of the task "other"`)
	// The whole log contains more than the run's status: it requires a verb of its own.
	refused("GET", "/tasks/executions/of-mine/logs", "", `may not get taskexecutions/logs "of-mine"`)

	refused("DELETE", "/tasks/executions/cancel/all", "", "may not cancel-all")
	refused("DELETE", "/tasks/executions/cancel/by-ids", `{"executionIds":["of-mine","of-other"]}`, "may not cancel")
	refused("DELETE", "/tasks/executions/cancel/by-task-names", `{"taskNames":["mine","other"]}`, `of the task "other"`)
	refused("DELETE", "/tasks/executions/cancel/by-ids", `{"executionIds":[]}`, "names nothing that the caller has a right to: the field")
	refused("DELETE", "/tasks/executions/cancel/by-ids", `[`, "names nothing that the caller has a right to")
	many, err := json.Marshal(map[string][]string{"executionIds": make101()})
	if err != nil {
		t.Fatal(err)
	}
	refused("DELETE", "/tasks/executions/cancel/by-ids", string(many), "at most 100")
	if store.executions["of-mine"].Spec.Cancel != nil {
		t.Error("a request that was refused in part has cancelled")
	}
	allowed("DELETE", "/tasks/executions/cancel/by-ids", `{"executionIds":["of-mine"]}`)
	if got := store.executions["of-mine"].Spec.Cancel; got == nil || got.RequestedBy != "ann" {
		t.Errorf("cancelled with %+v", got)
	}
	allowed("DELETE", "/tasks/executions/cancel/by-task-names", `{"taskNames":["mine"]}`)
}

func make101() (names []string) {
	for i := range 101 {
		names = append(names, fmt.Sprint("run", i))
	}
	return names
}

// A rule that names single runs works too.
func TestOneRunOnly(t *testing.T) {
	store := newFakeStore().add(fixture.Execution("a", "sync", v1alpha1.PhaseRunning), fixture.Execution("b", "sync", v1alpha1.PhaseRunning))
	api := facadeFor(store, newFakeGate(map[string][]string{"ann": {"get taskexecutions a", "cancel taskexecutions a"}}))
	if w := call(t, api, "GET", "/tasks/running/execution/a", "", bearing("ann")...); w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	wantProblem(t, call(t, api, "GET", "/tasks/running/execution/b", "", bearing("ann")...), http.StatusForbidden, "may not get")
	if w := call(t, api, "DELETE", "/tasks/executions/cancel/by-ids", `{"executionIds":["a"]}`, bearing("ann")...); w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// A run records its caller, and a caller cannot name somebody else.
func TestTheCallerIsRecorded(t *testing.T) {
	store := newFakeStore(fixture.Task("sync"))
	api := facadeFor(store, newFakeGate(map[string][]string{"ann": {"everything"}}))
	w := call(t, api, "POST", "/tasks/sync/execute/manual", "", bearing("ann")...)
	var started submit.Started
	if err := json.Unmarshal(w.Body.Bytes(), &started); err != nil || started.Trigger.User != "ann" {
		t.Fatalf("%v %s", err, w.Body)
	}
	if got := fixture.Unstamped(t, store.executions[started.ExecutionID]); got != (v1alpha1.Trigger{Source: "manual", User: "ann"}) {
		t.Errorf("recorded %+v", got)
	}
	for _, body := range []string{`{"user":"bob"}`, `{"trigger":{"user":"bob"}}`, `{"params":{},"requestedBy":"bob"}`} {
		wantProblem(t, call(t, api, "POST", "/tasks/sync/execute/manual", body, bearing("ann")...), http.StatusBadRequest, "unknown field")
	}
}

// The same key of another caller is another key: it neither returns the run nor shows that there is one.
func TestKeysOfCallersAreApart(t *testing.T) {
	store := newFakeStore(fixture.Task("sync", midSchema))
	api := facadeFor(store, newFakeGate(map[string][]string{"ann": {"everything"}, "bob": {"everything"}}))
	send := func(user, body string) (id string) {
		t.Helper()
		w := call(t, api, "POST", "/tasks/sync/execute/api", body, append(bearing(user), submit.HeaderIdempotencyKey, "k")...)
		var started submit.Started
		if err := json.Unmarshal(w.Body.Bytes(), &started); err != nil || w.Code != http.StatusOK {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		return started.ExecutionID
	}
	ann := send("ann", `{"params":{"mid":1}}`)
	if bob := send("bob", `{"params":{"mid":1}}`); bob == ann {
		t.Error("bob got ann's run")
	}
	if again := send("ann", `{"params":{"mid":1}}`); again != ann || len(store.executions) != 2 {
		t.Errorf("ann's repetition got %s, and there are %d runs", again, len(store.executions))
	}
	if submit.OwnKey("k", "") != "k" || submit.OwnKey("", "ann") != "" || submit.OwnKey("k", "ann") == submit.OwnKey("kann", "") {
		t.Error("keys are not told apart")
	}
}
