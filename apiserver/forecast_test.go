// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

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
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/submit"
)

func TestForecastOf(t *testing.T) {
	const forbid, queue, replace = v1alpha1.ConcurrencyForbid, v1alpha1.ConcurrencyQueue, v1alpha1.ConcurrencyReplace
	const done, runs, waits = v1alpha1.PhaseCompleted, v1alpha1.PhaseRunning, v1alpha1.PhaseQueued
	one := ptr.To[int32](1)
	suspended := fixture.Task("sync")
	suspended.Spec.Suspended = true
	broken := fixture.Task("sync")
	apimeta.SetStatusCondition(&broken.Status.Conditions, metav1.Condition{Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse, ObservedGeneration: 1, Reason: v1alpha1.ReasonInvalidJobTemplate, Message: "no containers"})
	held := func(by v1alpha1.QueueBlocker) []*v1alpha1.TaskExecution {
		e := fixture.Execution("held", "other", waits)
		e.Status.Queue = &v1alpha1.QueueStatus{BlockedBy: by}
		return []*v1alpha1.TaskExecution{e}
	}
	leaving := fixture.InPhases(waits)
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
		"nothing is in the way":     {fixture.Task("sync"), fixture.InPhases(runs, runs), nil, submit.OutcomeStart, "", 200, "at once"},
		"there is room":             {fixture.Limited(queue, ptr.To[int32](2), nil), fixture.InPhases(runs, done), nil, submit.OutcomeStart, "", 200, ""},
		"it cannot be run":          {broken, nil, nil, submit.OutcomeRefuse, v1alpha1.ReasonInvalidJobTemplate, 409, "no containers"},
		"suspended":                 {suspended, nil, nil, submit.OutcomeRefuse, v1alpha1.ReasonTaskSuspended, 409, "suspended"},
		"forbidden":                 {fixture.Limited(forbid, nil, nil), fixture.InPhases(runs), nil, submit.OutcomeRefuse, v1alpha1.ReasonConcurrencyForbidden, 409, "active runs (spec.concurrency)"},
		"full":                      {fixture.Limited(queue, one, one), fixture.InPhases(runs, waits), nil, submit.OutcomeRefuse, v1alpha1.ReasonQueueFull, 429, "full"},
		"it waits for others":       {fixture.Limited(queue, nil, nil), fixture.InPhases(runs, waits), nil, submit.OutcomeQueue, v1alpha1.ReasonConcurrencyLimit, 200, "has 1 active and 1 queued runs, and runs at most 1 at once"},
		"others wait before it":     {fixture.Limited(queue, one, nil), fixture.InPhases(waits), nil, submit.OutcomeQueue, v1alpha1.ReasonConcurrencyLimit, 200, ""},
		"one that waits is leaving": {fixture.Limited(queue, ptr.To[int32](2), nil), leaving, nil, submit.OutcomeStart, "", 200, ""},
		"it replaces":               {fixture.Limited(replace, nil, nil), fixture.InPhases(runs), nil, submit.OutcomeQueue, v1alpha1.ReasonReplacing, 200, `execution "run-0"`},
		"the namespace's limit":     {fixture.Task("sync"), held(v1alpha1.BlockedByNamespace), nil, submit.OutcomeQueue, v1alpha1.ReasonNamespaceLimit, 200, "--max-running-per-namespace"},
		"the controller's limit":    {fixture.Task("sync"), held(v1alpha1.BlockedByController), nil, submit.OutcomeQueue, v1alpha1.ReasonControllerLimit, 200, "--max-running)"},
		"another task's limit":      {fixture.Task("sync"), held(v1alpha1.BlockedByTask), nil, submit.OutcomeStart, "", 200, ""},
		"Kueue":                     {fixture.Task("sync"), nil, kueue, submit.OutcomeQueue, v1alpha1.ReasonJobSuspended, 200, `"team-a"`},
		"a suspended Job":           {fixture.Task("sync"), nil, &batchv1.Job{Spec: batchv1.JobSpec{Suspend: ptr.To(true)}}, submit.OutcomeQueue, v1alpha1.ReasonJobSuspended, 200, "the template"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.job == nil {
				c.job = &batchv1.Job{}
			}
			store := newFakeStore(c.task).add(c.all...)
			ours, err := store.Executions(t.Context(), "sync")
			if err != nil {
				t.Fatal(err)
			}
			_, all := store.Open("sync")
			f := submit.ForecastOf(c.task, ours, all.Blocked(), c.job, nil)
			if f.Outcome != c.outcome || f.Reason != c.reason || f.Status != c.status || !strings.Contains(f.Detail.String(), c.says) {
				t.Errorf("got %+v", f)
			}
			// A real request has the outcome that the dry run foresaw.
			w := call(t, facade(store), "POST", "/tasks/sync/execute/api", "")
			if w.Code != f.Status || (f.Outcome == submit.OutcomeRefuse) != (w.Code != http.StatusOK) {
				t.Errorf("foreseen %+v, and it was %d %s", f, w.Code, w.Body)
			}
		})
	}
}
