// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
)

func TestCounting(t *testing.T) {
	for name, c := range map[string]struct {
		scene *scene
		waits bool
	}{
		"no pod has ended":                         {given().job().pod(runningFor(0)), false},
		"a pod failed and was not counted":         {given().job().pod(exited(1)), true},
		"a pod succeeded and was not counted":      {given().job().pod(exited(0)), true},
		"a pod failed and was counted":             {given().job().pod(exited(1)).counted(0, 1), false},
		"the second of two was not counted":        {given().job().pod(exited(1)).pod(exited(1)).counted(0, 1), true},
		"both were counted":                        {given().job().pod(exited(1)).pod(exited(0)).counted(1, 1), false},
		"a pod that was counted is gone":           {given().job().pod(runningFor(0)).counted(0, 1), false},
		"a pod that a node lost is no end":         {given().job().pod(runningFor(0), phase(corev1.PodUnknown)), false},
		"a container that restarts in place isn't": {given().job().pod(runningFor(0), restarted(1, 1, time.Second)), false},
	} {
		t.Run(name, func(t *testing.T) {
			o := &c.scene.Observation
			s, waits := counting(o, gather(o))
			if waits != c.waits || (waits && !s.hold) {
				t.Errorf("waits %t, holds %t", waits, s.hold)
			}
		})
	}
}

// After a pod has ended and before the Job has counted it, a status would be true for a moment only.
func TestNothingIsReportedWhileAJobCounts(t *testing.T) {
	s := startedBefore(given().timeout(time.Minute).job(), time.Second).pod(exited(1))
	plan := Decide(s.Observation)
	if !equality.Semantic.DeepEqual(plan.Status, s.Execution.Status) || plan.Requeue != 59*time.Second {
		t.Errorf("reported %+v, in %s", plan.Status, plan.Requeue)
	}
}

func TestRunningIsNeverTakenBack(t *testing.T) {
	table{
		"the pod is gone, the next is missing":     {startedBefore(given().job(), time.Minute), "Running/ContainerStarted", ""},
		"the pod is gone, the next pulls an image": {startedBefore(given().job(), time.Minute).pod(onNode, waiting("ImagePullBackOff")), "Running/ContainerWaiting in 1m0s", `image "busybox"`},
		"the container restarts in place":          {given().job().pod(runningFor(0), restarted(2, 1, time.Minute)), "Running/ContainerStarted", ""},
		"the container waits to restart in place":  {given().job().pod(runningFor(0), restarted(2, 1, time.Minute), waitingAgain), "Running/ContainerStarted", ""},
		"the node is lost":                         {given().job().pod(runningFor(time.Minute), phase(corev1.PodUnknown)), "Running/ContainerStarted", ""},
	}.run(t)
}

func waitingAgain(pod *corev1.Pod) {
	pod.Status.ContainerStatuses[0].State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}}
}

func TestWaitingFor(t *testing.T) {
	initWaits := func(pod *corev1.Pod) {
		pod.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "prepare", Image: "p:1", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ErrImagePull"}}}}
	}
	scheduled := func(pod *corev1.Pod) {
		pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionTrue, Message: "there"}}
	}
	for name, c := range map[string]struct {
		scene *scene
		want  string
	}{
		"no pod":                             {given().job(), ""},
		"a pod that nobody has looked at":    {given().job().pod(), ""},
		"a pod that has a node":              {given().job().pod(onNode, scheduled), ""},
		"an init container's image":          {given().job().pod(onNode, initWaits, waiting("PodInitializing")), `ImagePullBackOff: image "p:1" of container "prepare" cannot be pulled`},
		"a secret that is missing":           {given().job().pod(onNode, waiting("CreateContainerConfigError")), `CreateContainerConfigError: container "main": why`},
		"the newest pod, not the one before": {given().job().pod(onNode, waiting("ErrImagePull")).pod(), ""},
	} {
		t.Run(name, func(t *testing.T) {
			o := &c.scene.Observation
			if got := waitingFor(o, gather(o)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
