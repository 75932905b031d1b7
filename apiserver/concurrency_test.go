package apiserver

import (
	"fmt"
	"net/http"
	"testing"

	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func limited(policy v1alpha1.ConcurrencyPolicy, maxRunning, maxQueued *int32) *v1alpha1.Task {
	task := aTask("sync")
	task.Spec.Concurrency = &v1alpha1.ConcurrencySpec{Policy: policy, MaxRunning: maxRunning, MaxQueued: maxQueued}
	return task
}

// inPhases gives executions of the task, and some of another that do not count.
func inPhases(phases ...v1alpha1.Phase) (out []*v1alpha1.TaskExecution) {
	for i, p := range phases {
		out = append(out, anExecution(fmt.Sprint("run-", i), "sync", p, i), anExecution(fmt.Sprint("other-", i), "other", p, i))
	}
	return out
}

// blocker of the runs of a task that wait.
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
	suspended := limited(queue, nil, nil)
	suspended.Spec.Suspended = true
	for name, c := range map[string]struct {
		task   *v1alpha1.Task
		phases []v1alpha1.Phase
		code   int
		says   string
	}{
		"a task without limits":          {aTask("sync"), []v1alpha1.Phase{runs, runs}, 200, ""},
		"Forbid, and none is active":     {limited(forbid, nil, nil), []v1alpha1.Phase{done, v1alpha1.PhaseFailed}, 200, ""},
		"Forbid, and one is active":      {limited(forbid, nil, nil), []v1alpha1.Phase{done, runs}, 409, "execution run-1 is active"},
		"Forbid, and one is new":         {limited(forbid, nil, nil), []v1alpha1.Phase{isNew}, 409, "runs 1 at once and forbids more"},
		"Forbid, and one is ending":      {limited(forbid, nil, nil), []v1alpha1.Phase{v1alpha1.PhaseCancelling}, 409, ""},
		"Forbid a third":                 {limited(forbid, two, nil), []v1alpha1.Phase{runs}, 200, ""},
		"Replace takes any":              {limited(replace, nil, nil), []v1alpha1.Phase{runs}, 200, ""},
		"a queue without a bound":        {limited(queue, nil, nil), []v1alpha1.Phase{runs, waits, waits}, 200, ""},
		"a queue with a place":           {limited(queue, one, two), []v1alpha1.Phase{runs, waits}, 200, ""},
		"a queue that is full":           {limited(queue, one, two), []v1alpha1.Phase{runs, waits, waits}, 429, "1 run at once and 2 may wait"},
		"full with those that are new":   {limited(queue, one, two), []v1alpha1.Phase{isNew, isNew, isNew}, 429, ""},
		"nobody may wait, and one runs":  {limited(queue, one, none), []v1alpha1.Phase{runs}, 429, ""},
		"nobody may wait, and none runs": {limited(queue, one, none), []v1alpha1.Phase{done}, 200, ""},
		"a queue for others' limits":     {limited(allow, nil, one), []v1alpha1.Phase{runs, runs}, 200, ""},
		"which is full":                  {limited(allow, nil, one), []v1alpha1.Phase{runs, runs, waits}, 429, ""},
		"a suspended task":               {suspended, nil, 409, "is suspended and takes no new runs"},
	} {
		t.Run(name, func(t *testing.T) {
			others := inPhases(c.phases...)
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
	e := anExecution("x", "sync", v1alpha1.PhaseQueued)
	e.Status.Queue = &v1alpha1.QueueStatus{Position: 3, BlockedBy: v1alpha1.BlockedByTask}
	got := ok[wireExecution](t, facade(newFakeStore().add(e)), "GET", "/tasks/running/execution/x", "")
	if got.Status != "running" || got.Phase != "Queued" || got.Queue == nil || *got.Queue != (wireQueue{3, "Task"}) {
		t.Errorf("got %+v", got)
	}
}
