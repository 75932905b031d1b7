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

// suspendedSince suspends the Job, after its controller has deleted the pods.
func (s *scene) suspendedSince(ago time.Duration) *scene {
	return s.suspensionIs(true, ago)
}

// letGo resumes the Job some time ago.
func (s *scene) letGo(ago time.Duration) *scene {
	s.suspensionIs(false, ago)
	s.Job.Status.StartTime = ptr.To(metav1.NewTime(noon.Add(-ago)))
	return s
}

func (s *scene) suspensionIs(suspended bool, ago time.Duration) *scene {
	is := corev1.ConditionFalse
	if suspended {
		is = corev1.ConditionTrue
	}
	s.Job.Spec.Suspend = &suspended
	s.Job.Status.StartTime = nil
	s.Job.Status.Conditions = []batchv1.JobCondition{{Type: batchv1.JobSuspended, Status: is, LastTransitionTime: metav1.NewTime(noon.Add(-ago))}}
	return s
}

// ranBefore sets the status of a run that began two minutes ago in a pod that is gone.
func ranBefore(s *scene) *scene {
	const ago = 2 * time.Minute
	s = startedBefore(s, ago).phase(v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted)
	s.Execution.Status.Pods = []v1alpha1.PodMirror{{Name: "run-0", UID: "pod-0", Phase: "Running", Node: "node", StartTime: ptr.To(metav1.NewTime(noon.Add(-ago)))}}
	return s
}

// waitsSince records a suspension in the status.
func (s *scene) waitsSince(ago, total time.Duration) *scene {
	s.Execution.Status.Suspension = &v1alpha1.Suspension{Since: ptr.To(metav1.NewTime(noon.Add(-ago))), Total: metav1.Duration{Duration: total}}
	return s
}

func createdAgo(ago time.Duration) func(*corev1.Pod) {
	return func(pod *corev1.Pod) { pod.CreationTimestamp = metav1.NewTime(noon.Add(-ago)) }
}

// A suspended run waits as Queued. Its run clock stops until a container starts again, its start clock begins when the
// Job is resumed, and its queue clock began when the Job was suspended.
func TestCase25SuspendedMidRun(t *testing.T) {
	ran := func() *scene { return ranBefore(given().timeout(time.Minute).job()) }
	kueue := given().timeout(time.Minute)
	kueue.Task.Spec.JobTemplate.Labels = map[string]string{v1alpha1.LabelKueueQueue: "team-a"}
	justLetGo := ran().suspendedSince(90 * time.Second)
	justLetGo.Job.Spec.Suspend = ptr.To(false)
	byHand := ran()
	byHand.Job.Spec.Suspend = ptr.To(true)
	table{
		"its pod is gone":                              {ran().suspendedSince(90 * time.Second), "Queued/JobSuspended", "suspended while it ran"},
		"its pod is ending":                            {ran().suspendedSince(90*time.Second).pod(runningFor(2*time.Minute), cleanedUp(time.Second)), "Queued/JobSuspended in 54s", ""},
		"Kueue did it":                                 {ranBefore(kueue.job()).suspendedSince(90 * time.Second), "Queued/JobSuspended", `Kueue took back its admission from the queue "team-a"`},
		"its controller has not said so yet":           {byHand, "Queued/JobSuspended", ""},
		"nor deleted its pod, which runs":              {ranBefore(given().timeout(time.Hour).job()).suspendedSince(90 * time.Second).pod(runningFor(2 * time.Minute)), "Running/ContainerStarted in 58m0s", ""},
		"it was let go, and nobody noticed":            {justLetGo, "Queued/JobSuspended", ""},
		"it waits on the queue clock":                  {ranBefore(given().queueTimeout(time.Hour).timeout(time.Minute).job()).suspendedSince(90 * time.Second), "Queued/JobSuspended in 58m30s", ""},
		"which may strike":                             {ranBefore(given().queueTimeout(time.Minute).job()).suspendedSince(90 * time.Second), "Failed/QueueTimeout", "queueTimeout of 1m0s"},
		"it was let go: the start clock":               {ran().waitsSince(90*time.Second, 0).letGo(10 * time.Second), "Pending/JobCreated in 4m50s", ""},
		"which may strike, too":                        {ran().waitsSince(10*time.Minute, 0).letGo(5 * time.Minute), "Failed/StartTimeout", "the next container did not start within 5m0s"},
		"it runs again: what it waited does not count": {ran().waitsSince(90*time.Second, 0).letGo(20*time.Second).pod(createdAgo(20*time.Second), runningFor(10*time.Second)), "Running/ContainerStarted in 20s", ""},
		"and what it waited before":                    {ran().waitsSince(50*time.Second, 40*time.Second).letGo(20*time.Second).pod(createdAgo(20*time.Second), runningFor(10*time.Second)), "Running/ContainerStarted in 20s", ""},
		"until it strikes": {
			ran().waitsSince(90*time.Second, 0).letGo(80*time.Second).pod(createdAgo(80*time.Second), runningFor(30*time.Second)), "Running/ContainerStarted end:run-a(DeadlineExceeded) in 25s", "",
		},
		"its pod of before is still ending": {
			ran().waitsSince(90*time.Second, 0).letGo(20*time.Second).pod(runningFor(2*time.Minute), cleanedUp(time.Second)), "Pending/JobCreated in 54s", "",
		},
		"a whole suspension that nobody saw":       {ran().letGo(20*time.Second).pod(createdAgo(20*time.Second), runningFor(10*time.Second)), "Running/ContainerStarted in 50s", ""},
		"an index that had succeeded does not run": {ranBefore(given().timeout(time.Minute).job().several(2, 2)).suspendedSince(90*time.Second).pod(indexed(0), exited(0)), "Queued/JobSuspended", ""},
		"all had succeeded":                        {ranBefore(given().timeout(time.Minute).job()).suspendedSince(90 * time.Second).pod(exited(0)), "Running/ContainerStarted", ""},
		"a cancel ends it":                         {ranBefore(given().cancelled().job()).suspendedSince(90 * time.Second), "Cancelled/Cancelled", ""},
	}.run(t)
}

// The attempt counts as disrupted, permanently. The suspension is added up when a container starts again, and a second
// reconcile gives the same result.
func TestCase25AttemptOfASuspendedRunIsDisrupted(t *testing.T) {
	s := ranBefore(given().timeout(time.Minute).job()).suspendedSince(90 * time.Second)
	held := Decide(s.Observation).Status
	if p := held.Pods[0]; p.Phase != "Failed" || p.Reason != v1alpha1.ReasonJobSuspended || held.Disruptions != 1 || held.ExitCode != nil {
		t.Errorf("%d disruptions, mirrored: %+v", held.Disruptions, p)
	}
	if since := held.Suspension.Since; since == nil || !since.Time.Equal(noon.Add(-90*time.Second)) {
		t.Errorf("suspended since %v", since)
	}
	s.Execution.Status = held
	s.letGo(20*time.Second).pod(createdAgo(20*time.Second), runningFor(10*time.Second))
	for range 2 {
		again := Decide(s.Observation).Status
		if again.Attempts != 2 || again.Disruptions != 1 || again.Suspension.Since != nil || again.Suspension.Total.Duration != 80*time.Second {
			t.Errorf("%d attempts, %d disruptions, %+v", again.Attempts, again.Disruptions, again.Suspension)
		}
		s.Execution.Status = again
	}
	exited(3)(s.Pods[0])
	s.counted(0, 1).decides(batchv1.JobFailed, "BackoffLimitExceeded", 0)
	end := Decide(s.Observation).Status
	if got := told(&end); got != "NonZeroExit, exit 3, run-a, none" || end.Pods[0].Reason != v1alpha1.ReasonJobSuspended || end.Duration != "119s" {
		t.Errorf("got %s after %s, mirrored: %+v", got, end.Duration, end.Pods)
	}
}

// A program that exits with 143 because its Job is suspended has not failed.
func TestCase25EndOfASuspendedPodIsNoFailure(t *testing.T) {
	s := ranBefore(given().timeout(time.Minute).job()).suspendedSince(5*time.Second).pod(endedAgo(143, time.Second), cleanedUp(5*time.Second))
	s.Execution.Status.Pods = nil
	status := Decide(s.Observation).Status
	if p := status.Pods[0]; status.Reason != v1alpha1.ReasonJobSuspended || p.Reason != v1alpha1.ReasonJobSuspended || ptr.Deref(p.ExitCode, 0) != 143 || status.ExitCode != nil {
		t.Errorf("%s, exit code %v, mirrored: %+v", status.Reason, status.ExitCode, p)
	}
}
