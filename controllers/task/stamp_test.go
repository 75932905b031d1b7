// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package task

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// The run of a change carries when and in which cluster it was requested. After a crash before the change was recorded,
// the run is found, although the time is another.
func TestRunOfAChangeIsStamped(t *testing.T) {
	task := newTask()
	task.Annotations = map[string]string{v1alpha1.AnnotationRunOnChange: "true"}
	task.Status.Change = &v1alpha1.SpecChange{Generation: 1}
	task.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, ObservedGeneration: 1}}
	api, noon := answers(t, task), time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	for _, now := range []time.Time{noon, noon.Add(time.Minute)} {
		r := &ChangeReconciler{Client: api, Live: api, Clock: clocktesting.NewFakePassiveClock(now), Cluster: "here"}
		if _, err := r.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(task)}); err != nil {
			t.Fatal(err)
		}
		runs := &v1alpha1.TaskExecutionList{}
		if err := api.List(t.Context(), runs); err != nil {
			t.Fatal(err)
		}
		if len(runs.Items) != 1 || !runs.Items[0].Spec.Trigger.Time.Time.Equal(noon) || runs.Items[0].Spec.Trigger.Cluster != "here" {
			t.Fatalf("runs %+v", runs.Items)
		}
		current := &v1alpha1.Task{}
		if err := api.Get(t.Context(), client.ObjectKeyFromObject(task), current); err != nil {
			t.Fatal(err)
		}
		if current.Status.Change.Execution != runs.Items[0].Name {
			t.Errorf("recorded %+v", current.Status.Change)
		}
		current.Status.Change.Execution = "" // the crash
		if err := api.Status().Update(t.Context(), current); err != nil {
			t.Fatal(err)
		}
	}
}
