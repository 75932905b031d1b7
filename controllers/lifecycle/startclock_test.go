// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// The start clock covers each container that the run waits for, and stops when they have started.
func TestCase26StartClockCoversTheMainContainer(t *testing.T) {
	late := func() *scene { return notStartedInTime(given().job()) }
	init := func(ago time.Duration, changes ...func(*corev1.Pod)) *scene {
		return late().pod(append([]func(*corev1.Pod){onNode, initEnded(0), initEndedAgo(ago), waiting("PodInitializing")}, changes...)...)
	}
	initRuns := func(pod *corev1.Pod) {
		pod.Status.InitContainerStatuses[0].State = corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(noon.Add(-time.Hour))}}
	}
	sidecarRuns := func(ago time.Duration) func(*corev1.Pod) {
		return func(pod *corev1.Pod) {
			sidecar(0, "")(pod)
			pod.Status.InitContainerStatuses[0].State = corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(noon.Add(-ago))}}
		}
	}
	createdAgo := func(ago time.Duration) func(*corev1.Pod) {
		return func(pod *corev1.Pod) { pod.CreationTimestamp = metav1.NewTime(noon.Add(-ago)) }
	}
	refused := late().pod(exited(1)).counted(0, 1)
	refused.PodsRefused, refused.PodsRefusedSince = "FailedCreate: exceeded quota", noon.Add(-5*time.Minute)
	mainDone := func(pod *corev1.Pod) {
		exited(0)(pod)
		pod.Status.Phase = corev1.PodRunning
		end := pod.Status.ContainerStatuses[0].State.Terminated
		end.StartedAt, end.FinishedAt = metav1.NewTime(noon.Add(-6*time.Minute)), metav1.NewTime(noon.Add(-5*time.Minute))
	}
	hourAgo := corev1.ContainerStateTerminated{StartedAt: metav1.NewTime(noon.Add(-time.Hour)), FinishedAt: metav1.NewTime(noon.Add(-time.Hour))}
	const ends = "Pending/ end:run-a(StartTimeout) in 10s"
	table{
		"an init container ended a while ago":              {init(4 * time.Minute), "Running/ContainerStarted in 1m0s", ""},
		"an init container ended too long ago":             {init(5 * time.Minute), ends, ""},
		"an init container that takes an hour":             {init(0, initRuns), "Running/ContainerStarted", ""},
		"a sidecar stops no clock":                         {late().pod(onNode, createdAgo(5*time.Minute), waiting("PodInitializing"), sidecarRuns(5*time.Minute)), "Pending/ end:run-a(StartTimeout) in 25s", ""},
		"the main container runs":                          {late().pod(runningFor(time.Hour)), "Running/ContainerStarted", ""},
		"it is started again in place":                     {late().pod(restartsAfter(hourAgo)), "Running/ContainerStarted", ""},
		"another attempt with a new pod":                   {late().pod(exited(1)).counted(0, 1).pod(createdAgo(0)), "Running/Retrying in 5m0s", ""},
		"another attempt with an old pod":                  {startedBefore(late(), time.Hour).counted(0, 1).pod(onNode, createdAgo(5*time.Minute)), ends, ""},
		"another attempt, whose pod was refused all along": {refused, "Failed/StartTimeout", "the next container did not start within 5m0s: FailedCreate: exceeded quota"},
		"another attempt, which the Job is to make":        {late().pod(exited(1)).counted(0, 1), "Running/Retrying", ""},
		"a second container, when the first is done":       {late().pod(mainDone, helperWaits("CreateContainerError")), ends, ""},
		"no wait for a pod told to end":                    {init(5*time.Minute, marked("StartTimeout", idleMargin)), "Failed/StartTimeout", ""},
		"unless it has started after all":                  {late().pod(runningFor(time.Second), marked("StartTimeout", 2*time.Second)), "Running/ContainerStarted", ""},
		"then it has ended as told":                        {startedBefore(late(), 3*time.Second).pod(exited(143), killed, marked("StartTimeout", 3*time.Second)).counted(0, 1), "Failed/StartTimeout", ""},
	}.run(t)
}

func TestStartClockOfAJob(t *testing.T) {
	late := notStartedInTime
	suspended := func(s *scene) *scene {
		s.Job.Spec.Suspend = ptr.To(true)
		return s
	}
	unbounded := func() *scene {
		return given().task(func(s *v1alpha1.TaskSpec) { s.StartTimeout = nil })
	}
	table{
		"a suspended Job's clock stands still":      {suspended(late(given().job())), "Queued/JobSuspended", "the Job is suspended"},
		"a Job without a pod":                       {late(given().job()), "Failed/StartTimeout", "no container started within 5m0s"},
		"a run that had started is past this clock": {startedBefore(late(given().job()), time.Second).pod(), "Running/ContainerStarted in 4m59s", ""},
		"without the clock it waits":                {late(unbounded().job()), "Pending/JobCreated", ""},
		"waits for a pod told to end":               {late(given().job().pod(onNode, marked("StartTimeout", time.Second))), "Pending/ in 9s", ""},
		"a start when told to end is a start":       {late(given().job().pod(runningFor(time.Second), marked("StartTimeout", 2*time.Second))), "Running/ContainerStarted", ""},
	}.run(t)
}
