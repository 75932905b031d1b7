// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/runs"
	"github.com/taskexec/taskexec/apiserver/wire"
)

// cluster has an execution in each phase, and one that was already asked to cancel.
func cluster() *fakeStore {
	store := newFakeStore(fixture.Task("sync"), fixture.Task("other"), fixture.Task("idle")).add(
		fixture.Execution("pending", "sync", v1alpha1.PhasePending, 1),
		fixture.Execution("running", "sync", v1alpha1.PhaseRunning, 2),
		fixture.Execution("new", "other", "", 3),
		fixture.Execution("cancelling", "other", v1alpha1.PhaseCancelling, 4),
		fixture.Execution("asked", "other", v1alpha1.PhaseRunning, 5),
		fixture.Execution("completed", "sync", v1alpha1.PhaseCompleted, 6),
		fixture.Execution("failed", "sync", v1alpha1.PhaseFailed, 7),
		fixture.Execution("cancelled", "sync", v1alpha1.PhaseCancelled, 8),
		fixture.Execution("orphan", "deleted", v1alpha1.PhaseRunning, 9),
	)
	for _, name := range []string{"cancelling", "asked", "cancelled"} {
		store.executions[name].Spec.Cancel = &v1alpha1.CancelRequest{RequestedBy: "kubectl"}
	}
	return store
}

func TestCancelByIDs(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"each outcome": {
			`{"executionIds":["running","nothing","completed","pending","failed","cancelled","new"]}`,
			`{"cancelled":["running","pending","new"],"notFound":["nothing"],"alreadyFinished":["completed","failed","cancelled"]}`,
		},
		"a repetition is a no-op": {
			`{"executionIds":["asked","cancelling"]}`, `{"cancelled":["asked","cancelling"],"notFound":[],"alreadyFinished":[]}`,
		},
		"duplicates are answered once": {
			`{"executionIds":["b","running","b","running","a"]}`, `{"cancelled":["running"],"notFound":["b","a"],"alreadyFinished":[]}`,
		},
		"names that nothing can have": {
			`{"executionIds":["../x","<b>"," "]}`, `{"cancelled":[],"notFound":["../x","\u003cb\u003e"," "],"alreadyFinished":[]}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			api := facade(cluster())
			for range 2 { // the answer to a repeated request is the same
				if w := call(t, api, "DELETE", "/tasks/executions/cancel/by-ids", c.body); w.Code != http.StatusOK || w.Body.String() != c.want+"\n" {
					t.Errorf("%d %s, want %s", w.Code, w.Body, c.want)
				}
			}
		})
	}
}

func TestCancelReadsCancelledAtOnce(t *testing.T) {
	store := cluster()
	api := facade(store)
	ok[any](t, api, "DELETE", "/tasks/executions/cancel/by-ids", `{"executionIds":["running"]}`)
	if got := ok[wire.Execution](t, api, "GET", "/tasks/running/execution/running", ""); got.Status != "cancelled" || got.Phase != "Running" {
		t.Errorf("status %q in phase %q", got.Status, got.Phase)
	}
	if got := store.executions["running"].Spec.Cancel; got == nil || got.RequestedBy != "rest" {
		t.Errorf("stored %+v", got)
	}
}

func TestCancelByTaskNames(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"all that is under way": {
			`{"taskNames":["other","sync"]}`, `{"cancelled":["new","cancelling","asked","pending","running"],"taskNotFound":[]}`,
		},
		"an unknown task":      {`{"taskNames":["nothing","sync"]}`, `{"cancelled":["pending","running"],"taskNotFound":["nothing"]}`},
		"a deleted task":       {`{"taskNames":["deleted"]}`, `{"cancelled":["orphan"],"taskNotFound":[]}`},
		"a task without runs":  {`{"taskNames":["idle","idle"]}`, `{"cancelled":[],"taskNotFound":[]}`},
		"the empty prefix":     {`{"taskNames":[" "]}`, `{"cancelled":[],"taskNotFound":[" "]}`},
		"unknown, named twice": {`{"taskNames":["x","x"]}`, `{"cancelled":[],"taskNotFound":["x"]}`},
	} {
		t.Run(name, func(t *testing.T) {
			w := call(t, facade(cluster()), "DELETE", "/tasks/executions/cancel/by-task-names", c.body)
			if w.Code != http.StatusOK || w.Body.String() != c.want+"\n" {
				t.Errorf("%d %s, want %s", w.Code, w.Body, c.want)
			}
		})
	}
}

func TestCancelAll(t *testing.T) {
	api := facade(cluster())
	for _, want := range []string{`{"count":4}`, `{"count":0}`} {
		if w := call(t, api, "DELETE", "/tasks/executions/cancel/all", ""); w.Code != http.StatusOK || w.Body.String() != want+"\n" {
			t.Errorf("%d %s, want %s", w.Code, w.Body, want)
		}
	}
}

// A dry run counts the runs that the real request would cancel, and changes nothing.
func TestCancelAllDryRun(t *testing.T) {
	store := cluster()
	api := facade(store)
	before := len(store.executions)
	for range 2 {
		if w := call(t, api, "DELETE", "/tasks/executions/cancel/all?dryRun=true", ""); w.Code != http.StatusOK || w.Body.String() != `{"count":4,"dryRun":true}`+"\n" {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	for id, e := range store.executions {
		if e.Spec.Cancel != nil && e.Spec.Cancel.RequestedBy == "rest" {
			t.Errorf("%s was cancelled", id)
		}
	}
	if w := call(t, api, "DELETE", "/tasks/executions/cancel/all?dryRun=false", ""); w.Body.String() != `{"count":4}`+"\n" {
		t.Errorf("the real one: %d %s", w.Code, w.Body)
	}
	if w := call(t, api, "DELETE", "/tasks/executions/cancel/all?dryRun=true", ""); w.Body.String() != `{"count":0,"dryRun":true}`+"\n" || len(store.executions) != before {
		t.Errorf("after it: %d %s", w.Code, w.Body)
	}
}

func TestCancelReason(t *testing.T) {
	long := strings.Repeat("因", runs.MaxReason)
	for name, c := range map[string]struct{ path, body, want string }{
		"by ids":             {"by-ids", `{"executionIds":["running"],"reason":"not needed"}`, "not needed"},
		"by task names":      {"by-task-names", `{"taskNames":["sync"],"reason":" 不再需要\n第二行 "}`, "不再需要 第二行"},
		"all, in the body":   {"all", `{"reason":"night"}`, "night"},
		"all, in the query":  {"all?reason=the%20night&dryRun=false", ``, "the night"},
		"none":               {"by-ids", `{"executionIds":["running"],"reason":null}`, ""},
		"the longest":        {"all", `{"reason":"` + long + `"}`, long},
		"markup stays inert": {"all", `{"reason":"<script>$(x)"}`, "<script>$(x)"},
	} {
		t.Run(name, func(t *testing.T) {
			store := cluster()
			api := facade(store)
			ok[any](t, api, "DELETE", "/tasks/executions/cancel/"+c.path, c.body)
			want := &v1alpha1.CancelRequest{RequestedBy: "rest", Reason: c.want}
			if diff := cmp.Diff(want, store.executions["running"].Spec.Cancel); diff != "" {
				t.Error(diff)
			}
			got := ok[wire.Execution](t, api, "GET", "/tasks/running/execution/running", "")
			if diff := cmp.Diff(&wire.Cancellation{RequestedBy: "rest", Reason: c.want}, got.Cancellation); diff != "" {
				t.Error(diff)
			}
			// The first reason stays.
			ok[any](t, api, "DELETE", "/tasks/executions/cancel/by-ids", `{"executionIds":["running","asked"],"reason":"another"}`)
			if store.executions["running"].Spec.Cancel.Reason != c.want || store.executions["asked"].Spec.Cancel.RequestedBy != "kubectl" {
				t.Error("a repeated cancel changed who or why")
			}
		})
	}
}

// An invalid request cancels nothing.
func TestBadCancels(t *testing.T) {
	store := cluster()
	api := facade(store)
	for name, c := range map[string]struct{ path, body, says string }{
		"a misspelt dry run":        {"all?dryrun=true", ``, `"dryrun" is unknown; there are dryRun, label, param, reason`},
		"an empty dry run":          {"all?dryRun=", ``, "want true or false"},
		"a dry run of 1":            {"all?dryRun=1", ``, "want true or false"},
		"two dry runs":              {"all?dryRun=true&dryRun=false", ``, "given 2 times"},
		"two reasons":               {"all?reason=a", `{"reason":"b"}`, "in the query and in the body"},
		"a query that is none":      {"all?reason=%zz", ``, "query is not valid"},
		"a reason not UTF-8":        {"all?reason=%ff", ``, "not valid UTF-8"},
		"a reason that is a number": {"all", `{"reason":1}`, `"reason" must be a string, not a number`},
		"a reason that is a list":   {"by-ids", `{"executionIds":["running"],"reason":["a"]}`, `"reason" must be a string, not an array`},
		"a reason too long":         {"by-ids", `{"executionIds":["running"],"reason":"` + strings.Repeat("因", runs.MaxReason+1) + `"}`, "1025 characters, more than 1024"},
		"control characters":        {"by-task-names", `{"taskNames":["sync"],"reason":"\u001b[31m"}`, "control characters"},
		"an unknown field":          {"all", `{"reasons":"a"}`, `unknown field "reasons"`},
		"a list":                    {"all", `[]`, "must be a JSON object"},
	} {
		t.Run(name, func(t *testing.T) {
			wantProblem(t, call(t, api, "DELETE", "/tasks/executions/cancel/"+c.path, c.body), http.StatusBadRequest, c.says)
		})
	}
	if diff := cmp.Diff(cluster().executions, store.executions); diff != "" {
		t.Errorf("a refused request did something: %s", diff)
	}
}

// If some cancels fail, the answer is an error. It names these runs and those that were cancelled.
func TestCancelInPart(t *testing.T) {
	store := newFakeStore(fixture.Task("sync"))
	var ids, odd, even []string
	for i := range 40 { // more than the facade cancels concurrently
		id := fmt.Sprintf("e%02d", i)
		store.add(fixture.Execution(id, "sync", v1alpha1.PhaseRunning, i))
		ids = append(ids, id)
		if i%2 == 1 {
			odd = append(odd, id)
		} else {
			even = append(even, id)
		}
	}
	store.fail = func(operation, name string) error {
		if operation == "cancel" && slices.Contains(odd, name) {
			return apierrors.NewTooManyRequests("slow down", 1)
		}
		return nil
	}
	body, err := json.Marshal(runs.CancelByIDsRequest{ExecutionIDs: ids})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{
		{"by-ids", string(body)},
		{"by-task-names", `{"taskNames":["sync"]}`},
	} {
		w := call(t, facade(store), "DELETE", "/tasks/executions/cancel/"+c[0], c[1])
		got := wantProblem(t, w, http.StatusServiceUnavailable, "20 of 40 executions were cancelled, and 20 could not be; repeat the request")
		if diff := cmp.Diff([][]string{even, odd}, [][]string{got.Cancelled, got.Failed}); diff != "" {
			t.Errorf("%s: %s", c[0], diff)
		}
		if w.Header().Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	}
	for _, id := range even {
		if store.executions[id].Spec.Cancel == nil {
			t.Errorf("%s was said to be cancelled", id)
		}
	}
	one := wantProblem(t, call(t, facade(store), "DELETE", "/tasks/executions/cancel/by-ids", `{"executionIds":["e01"]}`),
		http.StatusServiceUnavailable, "Kubernetes is busy")
	if len(one.Cancelled)+len(one.Failed) != 0 {
		t.Errorf("a part of one: %+v", one)
	}
}
