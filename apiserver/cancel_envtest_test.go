// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package apiserver

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/runs"
	"github.com/taskexec/taskexec/apiserver/submit"
)

// If a cancel races the end of the run, the first write wins, and the answer tells which. After an accepted cancel, a
// status update that is based on an older version fails.
func TestCase5CancelRacesTheEnd(t *testing.T) {
	l := newLab(t)
	l.task(t, "sync")
	accepted, late := 0, 0
	for i := range 60 {
		e := l.live(t, l.execute(t, "sync"))
		var ended error
		var both sync.WaitGroup
		if i%3 == 0 { // the cache is certainly stale
			ended = l.phase(t.Context(), e, v1alpha1.PhaseCompleted)
		} else {
			both.Go(func() { ended = l.phase(t.Context(), e, v1alpha1.PhaseCompleted) })
		}
		answer := ok[runs.CancelByIDsResponse](t, l, "DELETE", "/tasks/executions/cancel/by-ids", `{"executionIds":["`+e.Name+`"]}`)
		both.Wait()
		if ended != nil && !apierrors.IsConflict(ended) {
			t.Fatal(ended)
		}
		got := l.live(t, e.Name)
		switch {
		case slices.Contains(answer.Cancelled, e.Name):
			accepted++
			if ended == nil || got.Status.Phase.IsTerminal() || got.Spec.Cancel == nil {
				t.Errorf("the cancel was accepted, and then the end was written by one who had not seen it: %+v", got.Status)
			}
		case slices.Contains(answer.AlreadyFinished, e.Name):
			late++
			if ended != nil || got.Status.Phase != v1alpha1.PhaseCompleted || got.Spec.Cancel != nil {
				t.Errorf("too late, and yet %v %+v", ended, got)
			}
		default:
			t.Errorf("got %+v", answer)
		}
	}
	t.Logf("%d cancels were accepted, %d came too late", accepted, late)
	if accepted+late != 60 || late < 20 {
		t.Errorf("want 60 outcomes, and too late whenever the end was written before")
	}
}

// Status updates of an active run do not prevent a cancel.
func TestCancelDuringStatusUpdates(t *testing.T) {
	l := newLab(t)
	l.task(t, "sync")
	for range 10 {
		id := l.execute(t, "sync")
		e := l.live(t, id)
		if err := l.phase(t.Context(), e, v1alpha1.PhaseRunning); err != nil {
			t.Fatal(err)
		}
		answer := ok[runs.CancelByIDsResponse](t, l, "DELETE", "/tasks/executions/cancel/by-ids", `{"executionIds":["`+id+`"]}`)
		if !slices.Equal(answer.Cancelled, []string{id}) {
			t.Fatalf("got %+v", answer)
		}
		if got := l.live(t, id); got.Spec.Cancel == nil || got.Spec.Cancel.RequestedBy != "rest" || got.Status.Phase != v1alpha1.PhaseRunning {
			t.Errorf("stored %+v %+v", got.Spec, got.Status)
		}
	}
}

// If overlapping requests cancel many runs at once, each run is cancelled once, and counted in one answer only.
func TestCase5OverlappingCancels(t *testing.T) {
	l := newLab(t)
	l.task(t, "sync")
	for range 60 {
		l.execute(t, "sync")
	}
	counts := make([]int, 4)
	var all sync.WaitGroup
	for i := range counts {
		all.Go(func() {
			w := call(t, l, "DELETE", "/tasks/executions/cancel/all", "")
			var answer runs.CancelAllResponse
			if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			counts[i] = answer.Count
		})
	}
	all.Wait()
	if total := counts[0] + counts[1] + counts[2] + counts[3]; total != 60 {
		t.Errorf("60 executions were counted as %v", counts)
	}
}

// The API server enforces the rules that the facade relies on, for every writer.
func TestSpecIsImmutable(t *testing.T) {
	l := newLab(t)
	l.task(t, "sync")
	e := l.live(t, ok[submit.Started](t, l, "POST", "/tasks/sync/execute/api", `{"params":{"a":1}}`).ExecutionID)
	cancelled := l.live(t, l.execute(t, "sync"))
	ok[any](t, l, "DELETE", "/tasks/executions/cancel/by-ids", `{"executionIds":["`+cancelled.Name+`"]}`)
	cancelled = l.live(t, cancelled.Name)
	for name, c := range map[string]struct {
		of     *v1alpha1.TaskExecution
		change func(*v1alpha1.TaskExecutionSpec)
		says   string
	}{
		"task":             {e, func(s *v1alpha1.TaskExecutionSpec) { s.TaskRef.Name = "other" }, "taskRef is immutable"},
		"params":           {e, func(s *v1alpha1.TaskExecutionSpec) { s.Params = &apiextensionsv1.JSON{Raw: []byte(`{"a":2}`)} }, "params are immutable"},
		"trigger":          {e, func(s *v1alpha1.TaskExecutionSpec) { s.Trigger.User = "eve" }, "trigger is immutable"},
		"cancel withdrawn": {cancelled, func(s *v1alpha1.TaskExecutionSpec) { s.Cancel = nil }, "cancel is final"},
		"cancel changed":   {cancelled, func(s *v1alpha1.TaskExecutionSpec) { s.Cancel = &v1alpha1.CancelRequest{Reason: "x"} }, "cancel is final"},
	} {
		changed := c.of.DeepCopy()
		c.change(&changed.Spec)
		if err := adminClient.Update(t.Context(), changed); !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want a refusal that says %q", name, err, c.says)
		}
	}
}
