// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package apiserver

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/submit"
	"github.com/taskexec/taskexec/apiserver/wire"
	"github.com/taskexec/taskexec/controllers/params"
)

func TestExecuteWritesAnExecution(t *testing.T) {
	l := newLab(t)
	l.task(t, "sync", `{"properties":{"force":{"type":"boolean","default":true}}}`)
	// Other clients have just created it: the cache may not have it yet.
	answer := ok[submit.Started](t, l, "POST", "/tasks/sync/execute/manual",
		`{"params":{"b":9007199254740993,"a":0.1,"text":"$(rm -rf /) <x>","null":null,"deep":{"list":[1,[2]]}}}`)
	stored := l.live(t, answer.ExecutionID)
	if stored.Spec.TaskRef.Name != "sync" || fixture.Unstamped(t, stored) != (v1alpha1.Trigger{Source: "manual"}) || stored.Spec.Cancel != nil || stored.Spec.Timeout != nil {
		t.Errorf("stored %+v", stored.Spec)
	}
	var kept map[string]json.RawMessage
	if err := json.Unmarshal(stored.Spec.Params.Raw, &kept); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"b": "9007199254740993", "a": "0.1", "null": "null", "deep": `{"list":[1,[2]]}`} {
		if got := string(kept[name]); got != want {
			t.Errorf("param %s was stored as %q, want %q", name, got, want)
		}
	}
	if _, defaulted := kept["force"]; defaulted {
		t.Error("a default was stored")
	}
	if got := answer.StartedAt; !got.Equal(stored.CreationTimestamp.Time) {
		t.Errorf("started at %s, created at %s", got, stored.CreationTimestamp)
	}
}

// Unstorable finds exactly the numbers that the API server would change.
func TestNumbersThatKubernetesChanges(t *testing.T) {
	l := newLab(t)
	for i, number := range []string{"9223372036854775807", "-9223372036854775808", "9007199254740993", "0.1", "9223372036854775808", "12345678901234567890"} {
		kept := len(params.Unstorable([]byte(`{"n":`+number+`}`))) == 0
		e := fixture.Execution(fmt.Sprintf("number-%d", i), "sync", "")
		e.Spec.Params = fixture.JSON(`{"n":` + number + `}`)
		l.create(t, e)
		if got := string(l.live(t, e.Name).Spec.Params.Raw); (got == `{"n":`+number+`}`) != kept {
			t.Errorf("%s came back as %s", number, got)
		}
	}
}

// A facade reads its own writes in the next request, by id and in lists.
func TestReadsSeeOwnWrites(t *testing.T) {
	l := newLab(t)
	l.task(t, "sync")
	for range 50 {
		id := l.execute(t, "sync")
		list := ok[[]wire.Execution](t, l, "GET", "/tasks/running/sync", "")
		if !slices.ContainsFunc(list, func(e wire.Execution) bool { return e.ExecutionID == id }) {
			t.Fatalf("the list lacks %s", id)
		}
		if got := ok[wire.Execution](t, l, "GET", "/tasks/running/execution/"+id, ""); got.Status != "running" {
			t.Fatalf("status %q", got.Status)
		}
		ok[any](t, l, "DELETE", "/tasks/executions/cancel/by-ids", `{"executionIds":["`+id+`"]}`)
		if got := ok[wire.Execution](t, l, "GET", "/tasks/running/execution/"+id, ""); got.Status != "cancelled" {
			t.Fatalf("after its cancel, status %q", got.Status)
		}
	}
}

// A read by id finds the execution of another replica, even if the cache does not have it yet.
func TestByIDSeesOthersWrites(t *testing.T) {
	l := newLab(t)
	for i := range 20 {
		e := fixture.Execution(fmt.Sprintf("made-by-kubectl-%d", i), "sync", "")
		l.create(t, e)
		if got := ok[wire.Execution](t, l, "GET", "/tasks/running/execution/"+e.Name, ""); got.TaskName != "sync" {
			t.Fatalf("got %+v", got)
		}
	}
}

func TestListByTaskName(t *testing.T) {
	l, other := newLab(t), newLab(t)
	l.task(t, "sync")
	l.task(t, "sync-2")
	other.task(t, "sync")
	mine := []string{l.execute(t, "sync"), l.execute(t, "sync")}
	l.execute(t, "sync-2")
	other.execute(t, "sync")
	orphan := fixture.Execution("orphan", "deleted", "")
	l.create(t, orphan)
	var got []string
	for _, e := range ok[[]wire.Execution](t, l, "GET", "/tasks/running/sync", "") {
		got = append(got, e.ExecutionID)
	}
	slices.Sort(got)
	slices.Sort(mine)
	if diff := cmp.Diff(mine, got); diff != "" {
		t.Error(diff)
	}
	until(t, "the execution of a deleted task is listed", func() bool {
		return call(t, l, "GET", "/tasks/running/deleted", "").Code == http.StatusOK
	})
	if got := ok[struct{ Count int }](t, l, "DELETE", "/tasks/executions/cancel/all", ""); got.Count != 4 {
		t.Errorf("cancelled %d, want the 4 of this namespace", got.Count)
	}
	if got := ok[[]wire.Execution](t, other, "GET", "/tasks/running/sync", ""); len(got) != 1 || got[0].Status != "running" {
		t.Errorf("the other namespace: %+v", got)
	}
}
