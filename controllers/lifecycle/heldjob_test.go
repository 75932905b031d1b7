// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// suspendedJob sets the Job's Suspended condition, and when it was resumed.
func (s *scene) suspendedJob(suspended bool, resumed time.Duration) *scene {
	s.Job.Spec.Suspend = ptr.To(suspended)
	status := corev1.ConditionFalse
	if suspended {
		status = corev1.ConditionTrue
	} else {
		s.Job.Status.StartTime = ptr.To(metav1.NewTime(noon.Add(-resumed)))
	}
	s.Job.Status.Conditions = append(s.Job.Status.Conditions, batchv1.JobCondition{Type: batchv1.JobSuspended, Status: status})
	return s
}

func TestHeldJob(t *testing.T) {
	kueue := func() *scene {
		s := given()
		s.Task.Spec.JobTemplate.Labels = map[string]string{v1alpha1.LabelKueueQueue: "team-a"}
		return s
	}
	justLetGo := given().job().suspendedJob(true, 0)
	justLetGo.Job.Spec.Suspend = ptr.To(false)
	table{
		"a Job that Kueue holds":               {kueue().job().suspendedJob(true, 0), "Queued/JobSuspended", `Kueue has not admitted it from the queue "team-a" yet`},
		"a Job that somebody holds":            {given().job().suspendedJob(true, 0), "Queued/JobSuspended", "the Job is suspended"},
		"on its queue clock":                   {given().queueTimeout(time.Hour).job().suspendedJob(true, 0), "Queued/JobSuspended in 59m0s", ""},
		"whose queue clock strikes":            {given().queueTimeout(time.Minute).job().suspendedJob(true, 0), "Failed/QueueTimeout", "queueTimeout of 1m0s: the Job is suspended"},
		"a Job that was let go has a pod soon": {given().queueTimeout(time.Minute).job().suspendedJob(false, time.Second), "Pending/JobCreated in 4m59s", ""},
		"before its controller noticed":        {justLetGo, "Pending/JobCreated", ""},
		"its start clock began when it went":   {given().job().suspendedJob(false, 5*time.Minute), "Failed/StartTimeout", ""},
		"a run that had started waits again":   {startedBefore(given().job().suspendedJob(true, 0), time.Minute), "Queued/JobSuspended", "suspended while it ran"},
		"a cancel ends it":                     {given().cancelled().job().suspendedJob(true, 0), "Cancelled/Cancelled", ""},
	}.run(t)
}
