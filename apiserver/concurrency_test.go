// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"net/http"
	"testing"

	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/wire"
)

// blocker returns what keeps the waiting runs of a task in the queue.
func blocker(task *v1alpha1.Task) v1alpha1.QueueBlocker {
	if task.Spec.MaxRunning() == 0 {
		return v1alpha1.BlockedByController
	}
	return v1alpha1.BlockedByTask
}

func TestWhatTheControllerWouldRefuse(t *testing.T) {
	const allow, forbid, queue, replace = v1alpha1.ConcurrencyAllow, v1alpha1.ConcurrencyForbid, v1alpha1.ConcurrencyQueue, v1alpha1.ConcurrencyReplace
	const done, runs, waits, isNew = v1alpha1.PhaseCompleted, v1alpha1.PhaseRunning, v1alpha1.PhaseQueued, v1alpha1.Phase("")
	one, two, none := ptr.To[int32](1), ptr.To[int32](2), ptr.To[int32](0)
	suspended := fixture.Limited(queue, nil, nil)
	suspended.Spec.Suspended = true
	for name, c := range map[string]struct {
		task   *v1alpha1.Task
		phases []v1alpha1.Phase
		code   int
		says   string
	}{
		"a task without limits":          {fixture.Task("sync"), []v1alpha1.Phase{runs, runs}, 200, ""},
		"Forbid, and none is active":     {fixture.Limited(forbid, nil, nil), []v1alpha1.Phase{done, v1alpha1.PhaseFailed}, 200, ""},
		"Forbid, and one is active":      {fixture.Limited(forbid, nil, nil), []v1alpha1.Phase{done, runs}, 409, "execution run-1 is active"},
		"Forbid, and one is new":         {fixture.Limited(forbid, nil, nil), []v1alpha1.Phase{isNew}, 409, "allows at most 1 active runs"},
		"Forbid, and one is ending":      {fixture.Limited(forbid, nil, nil), []v1alpha1.Phase{v1alpha1.PhaseCancelling}, 409, ""},
		"Forbid a third":                 {fixture.Limited(forbid, two, nil), []v1alpha1.Phase{runs}, 200, ""},
		"Replace takes any":              {fixture.Limited(replace, nil, nil), []v1alpha1.Phase{runs}, 200, ""},
		"a queue without a bound":        {fixture.Limited(queue, nil, nil), []v1alpha1.Phase{runs, waits, waits}, 200, ""},
		"a queue with a place":           {fixture.Limited(queue, one, two), []v1alpha1.Phase{runs, waits}, 200, ""},
		"a queue that is full":           {fixture.Limited(queue, one, two), []v1alpha1.Phase{runs, waits, waits}, 429, "1 run at once and 2 wait"},
		"full with those that are new":   {fixture.Limited(queue, one, two), []v1alpha1.Phase{isNew, isNew, isNew}, 429, ""},
		"nobody may wait, and one runs":  {fixture.Limited(queue, one, none), []v1alpha1.Phase{runs}, 429, ""},
		"nobody may wait, and none runs": {fixture.Limited(queue, one, none), []v1alpha1.Phase{done}, 200, ""},
		"a queue for others' limits":     {fixture.Limited(allow, nil, one), []v1alpha1.Phase{runs, runs}, 200, ""},
		"which is full":                  {fixture.Limited(allow, nil, one), []v1alpha1.Phase{runs, runs, waits}, 429, ""},
		"a suspended task":               {suspended, nil, 409, "is suspended and accepts no new runs"},
	} {
		t.Run(name, func(t *testing.T) {
			others := fixture.InPhases(c.phases...)
			for _, e := range others {
				if e.Status.Phase == waits {
					e.Status.Queue = &v1alpha1.QueueStatus{Position: 1, BlockedBy: blocker(c.task)}
				}
			}
			store := newFakeStore(c.task).add(others...)
			before := len(store.executions)
			w := call(t, facade(store), "POST", "/tasks/sync/execute/manual", "")
			if c.code == http.StatusOK {
				if w.Code != http.StatusOK || len(store.executions) != before+1 {
					t.Errorf("%d %s", w.Code, w.Body)
				}
				return
			}
			wantProblem(t, w, c.code, c.says)
			if retry := w.Header().Get("Retry-After"); (retry != "") != (c.code == http.StatusTooManyRequests) {
				t.Errorf("Retry-After %q", retry)
			}
			if len(store.executions) != before {
				t.Error("an execution was made")
			}
		})
	}
}

func TestQueuedReadsRunning(t *testing.T) {
	e := fixture.Execution("x", "sync", v1alpha1.PhaseQueued)
	e.Status.Queue = &v1alpha1.QueueStatus{Position: 3, BlockedBy: v1alpha1.BlockedByTask}
	got := ok[wire.Execution](t, facade(newFakeStore().add(e)), "GET", "/tasks/running/execution/x", "")
	if got.Status != "running" || got.Phase != "Queued" || got.Queue == nil || *got.Queue != (wire.Queue{Position: 3, BlockedBy: "Task"}) {
		t.Errorf("got %+v", got)
	}
}
