// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package taskstatus

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	kstatus "sigs.k8s.io/cli-utils/pkg/kstatus/status"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestKstatusOfATask(t *testing.T) {
	fresh := &v1alpha1.Task{ObjectMeta: metav1.ObjectMeta{Generation: 1}}
	fresh.Status.ObservedGeneration = -1 // the CRD's default
	for name, c := range map[string]struct {
		task *v1alpha1.Task
		want kstatus.Status
	}{
		"not judged yet":       {fresh, kstatus.InProgressStatus},
		"can be run":           {judged(1, metav1.ConditionTrue), kstatus.CurrentStatus},
		"cannot be run":        {judged(1, metav1.ConditionFalse), kstatus.FailedStatus},
		"unknown":              {judged(1, metav1.ConditionUnknown), kstatus.InProgressStatus},
		"a spec that is newer": {judged(1, metav1.ConditionTrue, func(task *v1alpha1.Task) { task.Generation = 2 }), kstatus.InProgressStatus},
	} {
		if got := reads(t, c.task); got != c.want {
			t.Errorf("%s: reads %s, want %s", name, got, c.want)
		}
	}
}

// reads returns the kstatus of an object, as Flux, kapp and kpt compute it.
func reads(t *testing.T, object any) kstatus.Status {
	t.Helper()
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		t.Fatal(err)
	}
	result, err := kstatus.Compute(&unstructured.Unstructured{Object: content})
	if err != nil {
		t.Fatal(err)
	}
	return result.Status
}
