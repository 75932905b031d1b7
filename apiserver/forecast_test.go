package apiserver

import (
	"net/http"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestForecastOf(t *testing.T) {
	const forbid, queue, replace = v1alpha1.ConcurrencyForbid, v1alpha1.ConcurrencyQueue, v1alpha1.ConcurrencyReplace
	const done, runs, waits = v1alpha1.PhaseCompleted, v1alpha1.PhaseRunning, v1alpha1.PhaseQueued
	one := ptr.To[int32](1)
	suspended := aTask("sync")
	suspended.Spec.Suspended = true
	broken := aTask("sync")
	apimeta.SetStatusCondition(&broken.Status.Conditions, metav1.Condition{Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse, ObservedGeneration: 1, Reason: v1alpha1.ReasonInvalidJobTemplate, Message: "no containers"})
	held := func(by v1alpha1.QueueBlocker) []*v1alpha1.TaskExecution {
		e := anExecution("held", "other", waits)
		e.Status.Queue = &v1alpha1.QueueStatus{BlockedBy: by}
		return []*v1alpha1.TaskExecution{e}
	}
	leaving := inPhases(waits)
	leaving[0].Spec.Cancel = &v1alpha1.CancelRequest{}
	kueue := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{v1alpha1.LabelKueueQueue: "team-a"}}}
	for name, c := range map[string]struct {
		task    *v1alpha1.Task
		all     []*v1alpha1.TaskExecution
		job     *batchv1.Job
		outcome string
		reason  string
		status  int
		says    string
	}{
		"nothing is in the way":     {aTask("sync"), inPhases(runs, runs), nil, outcomeStart, "", 200, "at once"},
		"there is room":             {limited(queue, ptr.To[int32](2), nil), inPhases(runs, done), nil, outcomeStart, "", 200, ""},
		"it cannot be run":          {broken, nil, nil, outcomeRefuse, v1alpha1.ReasonInvalidJobTemplate, 409, "no containers"},
		"suspended":                 {suspended, nil, nil, outcomeRefuse, v1alpha1.ReasonTaskSuspended, 409, "suspended"},
		"forbidden":                 {limited(forbid, nil, nil), inPhases(runs), nil, outcomeRefuse, v1alpha1.ReasonConcurrencyForbidden, 409, "forbids more"},
		"full":                      {limited(queue, one, one), inPhases(runs, waits), nil, outcomeRefuse, v1alpha1.ReasonQueueFull, 429, "full"},
		"it waits for others":       {limited(queue, nil, nil), inPhases(runs, waits), nil, outcomeQueue, v1alpha1.ReasonConcurrencyLimit, 200, "1 runs are active, 1 wait, and 1 run at once"},
		"others wait before it":     {limited(queue, one, nil), inPhases(waits), nil, outcomeQueue, v1alpha1.ReasonConcurrencyLimit, 200, ""},
		"one that waits is leaving": {limited(queue, ptr.To[int32](2), nil), leaving, nil, outcomeStart, "", 200, ""},
		"it replaces":               {limited(replace, nil, nil), inPhases(runs), nil, outcomeQueue, v1alpha1.ReasonReplacing, 200, `execution "run-0"`},
		"the namespace's limit":     {aTask("sync"), held(v1alpha1.BlockedByNamespace), nil, outcomeQueue, v1alpha1.ReasonNamespaceLimit, 200, "--max-running-per-namespace"},
		"the controller's limit":    {aTask("sync"), held(v1alpha1.BlockedByController), nil, outcomeQueue, v1alpha1.ReasonControllerLimit, 200, "--max-running "},
		"another task's limit":      {aTask("sync"), held(v1alpha1.BlockedByTask), nil, outcomeStart, "", 200, ""},
		"Kueue":                     {aTask("sync"), nil, kueue, outcomeQueue, v1alpha1.ReasonJobSuspended, 200, `"team-a"`},
		"a suspended Job":           {aTask("sync"), nil, &batchv1.Job{Spec: batchv1.JobSpec{Suspend: ptr.To(true)}}, outcomeQueue, v1alpha1.ReasonJobSuspended, 200, "the template"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.job == nil {
				c.job = &batchv1.Job{}
			}
			f := forecastOf(c.task, c.all, c.job, nil)
			if f.outcome != c.outcome || f.reason != c.reason || f.status != c.status || !strings.Contains(f.detail, c.says) {
				t.Errorf("got %+v", f)
			}
			// What is foreseen is what happens.
			w := call(t, facade(newFakeStore(c.task).add(c.all...)), "POST", "/tasks/sync/execute/api", "")
			if w.Code != f.status || (f.outcome == outcomeRefuse) != (w.Code != http.StatusOK) {
				t.Errorf("foreseen %+v, and it was %d %s", f, w.Code, w.Body)
			}
		})
	}
}
