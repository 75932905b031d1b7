// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	kstatus "sigs.k8s.io/cli-utils/pkg/kstatus/status"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

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

func TestKstatusOfAnExecution(t *testing.T) {
	fresh := given()
	fresh.Execution.Status.ObservedGeneration = -1 // the CRD's default
	for name, c := range map[string]struct {
		scene *scene
		phase v1alpha1.Phase
		want  kstatus.Status
	}{
		"Pending, without its Task":  {without(given()), v1alpha1.PhasePending, kstatus.InProgressStatus},
		"Pending, with its Job":      {given().job(), v1alpha1.PhasePending, kstatus.InProgressStatus},
		"Running":                    {given().job().pod(runningFor(time.Second)), v1alpha1.PhaseRunning, kstatus.InProgressStatus},
		"Cancelling":                 {given().cancelled().job().pod(runningFor(time.Second)), v1alpha1.PhaseCancelling, kstatus.InProgressStatus},
		"Completed":                  {given().job().pod(exited(0)).counted(1, 0).jobEnds(batchv1.JobComplete, ""), v1alpha1.PhaseCompleted, kstatus.CurrentStatus},
		"Failed":                     {given().job().pod(exited(3)).counted(0, 1).jobEnds(batchv1.JobFailed, ""), v1alpha1.PhaseFailed, kstatus.FailedStatus},
		"Cancelled is what it shall": {given().cancelled(), v1alpha1.PhaseCancelled, kstatus.CurrentStatus},
	} {
		t.Run(name, func(t *testing.T) {
			e := c.scene.Execution.DeepCopy()
			e.Status = Decide(c.scene.Observation).Status
			if e.Status.Phase != c.phase {
				t.Fatalf("the fixture is %s", e.Status.Phase)
			}
			if got := reads(t, e); got != c.want {
				t.Errorf("reads %s, want %s", got, c.want)
			}
			e.Generation++
			if got := reads(t, e); got != kstatus.InProgressStatus {
				t.Errorf("with a spec that nobody has seen it reads %s", got)
			}
			e.DeletionTimestamp = &metav1.Time{Time: noon}
			if got := reads(t, e); got != kstatus.TerminatingStatus {
				t.Errorf("deleted it reads %s", got)
			}
		})
	}
	if got := reads(t, fresh.Execution); got != kstatus.InProgressStatus {
		t.Errorf("one that nobody has looked at reads %s", got)
	}
}

func without(s *scene) *scene {
	s.Task = nil
	return s
}
