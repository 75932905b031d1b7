// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestPodsAreBehind(t *testing.T) {
	ended, failed, runs := exited(0), exited(1), runningFor(time.Minute)
	for name, c := range map[string]struct {
		scene *scene
		want  bool
	}{
		"no Job":                           {given().pod(ended), false},
		"the Job goes on":                  {given().job().counted(0, 1).pod(runs), false},
		"its pod was seen":                 {given().job().counted(1, 0).jobEnds(batchv1.JobComplete, "Done").pod(ended), false},
		"its pod was not seen":             {given().job().counted(1, 0).jobEnds(batchv1.JobComplete, "Done"), true},
		"its pod seems to run":             {given().job().counted(1, 0).jobEnds(batchv1.JobComplete, "Done").pod(runs), true},
		"the last of two was not seen":     {given().job().counted(0, 2).jobEnds(batchv1.JobFailed, "BackoffLimitExceeded").pod(failed), true},
		"both were seen":                   {given().job().counted(1, 1).jobEnds(batchv1.JobComplete, "Done").pod(failed).pod(ended), false},
		"it failed without a pod":          {given().job().jobEnds(batchv1.JobFailed, "DeadlineExceeded"), false},
		"its log is settled":               {logSettled(given().job().phase(v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted).counted(1, 0).jobEnds(batchv1.JobComplete, "Done")), false},
		"cancelled, and no pod was seen":   {given().job().cancelled(), true},
		"cancelled, and its pod waits":     {given().job().cancelled().pod(onNode), true},
		"cancelled, and its pod runs":      {given().job().cancelled().pod(runs), false},
		"cancelled, and its pod has ended": {given().job().cancelled().pod(failed), false},
		"cancelled before it had a Job":    {given().cancelled(), false},
		"it may start":                     {given().job().pod(onNode), false},
		"it did not start in time":         {notStartedInTime(given().job().pod(onNode)), true},
		"it was known to have started":     {startedBefore(notStartedInTime(given().job()), time.Minute), false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := PodsAreBehind(&c.scene.Observation); got != c.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

func logSettled(s *scene) *scene {
	s.Execution.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionLogsCaptured, Status: metav1.ConditionTrue}}
	return s
}
