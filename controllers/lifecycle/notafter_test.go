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
	"github.com/taskexec/taskexec/controllers/census"
	"github.com/taskexec/taskexec/controllers/queue"
)

// notAfter sets the last moment to start, relative to noon.
func (s *scene) notAfter(d time.Duration) *scene {
	s.Execution.Spec.NotAfter = ptr.To(metav1.NewTime(noon.Add(d)))
	return s
}

func TestNotAfter(t *testing.T) {
	byTask := queue.Answer{Position: 7, Occupancy: census.Occupancy{Active: 3}, Limit: 3}
	const late = "Failed/StartDeadlineExceeded"
	queued := func(d time.Duration) *scene {
		return given().notAfter(d).policy(v1alpha1.ConcurrencyQueue).queued(7, v1alpha1.BlockedByTask, v1alpha1.ReasonConcurrencyLimit).place(byTask)
	}
	held := func(d time.Duration) *scene { // its Job was created suspended, as with Kueue
		s := given().notAfter(d).job()
		s.Job.Spec.Suspend = ptr.To(true)
		return s
	}
	resumed := held(-time.Second)
	resumed.Job.Status.Conditions = []batchv1.JobCondition{{Type: batchv1.JobSuspended, Status: corev1.ConditionFalse, LastTransitionTime: metav1.NewTime(noon.Add(-10 * time.Second))}}
	full := given().notAfter(time.Minute)
	full.Options.StartTimeout = time.Hour
	full.Task = nil
	table{
		"in time":                               {given().notAfter(time.Second), "/ create", ""},
		"too late":                              {given().notAfter(-time.Second), late, "had not started by its notAfter, 2026-01-02T11:59:59Z"},
		"at the very moment":                    {given().notAfter(0), late, ""},
		"kubectl's manifest of last week":       {given().notAfter(-7 * 24 * time.Hour), late, ""},
		"in the queue, in time":                 {queued(time.Minute), "Queued/ConcurrencyLimit in 1m0s", ""},
		"in the queue, too late":                {queued(-time.Second), late, ""},
		"waiting for its Task":                  {full, "Pending/TaskNotFound in 1m0s", ""},
		"its Job was refused":                   {withRefusal(given().notAfter(-time.Second)), late, "exceeded quota"},
		"its Job is suspended, in time":         {held(time.Minute), "Queued/JobSuspended in 1m0s", ""},
		"its Job is suspended, too late":        {held(-time.Second), late, ""},
		"its Job was suspended again":           {resumed, "Queued/JobSuspended", ""},
		"its Job exists":                        {given().notAfter(-time.Second).job(), "Pending/JobCreated in 4m30s", ""},
		"it runs":                               {given().notAfter(-time.Second).job().pod(runningFor(time.Second)), "Running/ContainerStarted", ""},
		"its Job is gone":                       {lostJob(given().notAfter(-time.Second).job()), "Failed/JobLost", ""},
		"it was cancelled":                      {given().notAfter(-time.Second).cancelled(), "Cancelled/Cancelled", ""},
		"a suspended Job is deleted in the end": {ends(held(-time.Second), v1alpha1.PhaseFailed, v1alpha1.ReasonStartDeadlineExceeded), late + " delete-job", ""},
	}.run(t)
	if !EndsUnstarted(&given().notAfter(-time.Second).Observation) {
		t.Error("nobody asks the API server for the Job of a new execution that is too late")
	}
}

func withRefusal(s *scene) *scene {
	s.waitedFor(v1alpha1.ReasonJobRefused, time.Minute)
	s.Execution.Status.Message = "exceeded quota"
	return s
}

func lostJob(s *scene) *scene {
	s.Job = nil
	return s
}
