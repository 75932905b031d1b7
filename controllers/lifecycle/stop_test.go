// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
)

func grace(seconds *int64) func(*corev1.Pod) {
	return func(pod *corev1.Pod) { pod.Spec.TerminationGracePeriodSeconds = seconds }
}

func TestStop(t *testing.T) {
	told := func(ago time.Duration) func(*corev1.Pod) { return marked("Cancelled", ago) }
	for name, c := range map[string]struct {
		scene        *scene
		end          int
		deleteJob    bool
		requeue      time.Duration
		done, forced bool
	}{
		"nothing lives":                             {given().job().pod(exited(0)), 0, false, 0, true, false},
		"a pod that no node has":                    {given().job().pod(), 0, false, 0, true, false},
		"a pod that lives":                          {given().job().pod(runningFor(0)), 1, false, 25 * time.Second, false, false},
		"a pod that its node lost sight of":         {given().job().pod(runningFor(0), phase(corev1.PodUnknown)), 1, false, 25 * time.Second, false, false},
		"the longest grace is not cut":              {given().job().pod(runningFor(0), grace(ptr.To[int64](3600))), 1, false, time.Hour + 15*time.Second, false, false},
		"the default grace is Kubernetes'":          {given().job().pod(runningFor(0), grace(nil)), 1, false, 45 * time.Second, false, false},
		"no grace is none":                          {given().job().pod(runningFor(0), grace(ptr.To[int64](0))), 1, false, 15 * time.Second, false, false},
		"within its grace it is waited for":         {given().job().pod(runningFor(0), told(9*time.Second)), 0, false, 16 * time.Second, false, false},
		"after its grace, for the kubelet":          {given().job().pod(runningFor(0), told(24*time.Second)), 0, false, time.Second, false, false},
		"then the Job is deleted":                   {given().job().pod(runningFor(0), told(25*time.Second)), 0, true, 30 * time.Second, false, false},
		"and until the end, should it fail":         {given().job().pod(runningFor(0), told(54*time.Second)), 0, true, time.Second, false, false},
		"then the node is given up":                 {given().job().pod(runningFor(0), told(55*time.Second)), 0, false, 0, true, true},
		"one that is told and one that is not":      {given().job().pod(runningFor(0), told(9*time.Second)).pod(runningFor(0)), 1, false, 16 * time.Second, false, false},
		"one that is given up and one that is not":  {given().job().pod(runningFor(0), told(time.Hour)).pod(runningFor(0), told(0)), 0, false, 25 * time.Second, false, true},
		"one that waits to start":                   {given().job().pod(onNode, waiting("ContainerCreating"), told(time.Second)), 0, false, idleMargin - time.Second, false, false},
		"and was given time to":                     {given().job().pod(onNode, waiting("ContainerCreating"), told(idleMargin)), 0, false, 0, true, false},
		"one that waits to start again":             {given().job().pod(onNode, waiting("CrashLoopBackOff"), stillRunning, told(idleMargin)), 0, false, 0, true, false},
		"its init container failed":                 {given().job().pod(onNode, waiting("PodInitializing"), initExited(143), told(3*time.Second)), 0, false, 22 * time.Second, false, false},
		"its init container completed":              {given().job().pod(onNode, waiting("PodInitializing"), initExited(0), told(idleMargin+time.Second)), 0, false, 0, true, false},
		"its container ended, and it soon will":     {given().job().pod(exited(3), stillRunning, told(3*time.Second)), 0, false, 22 * time.Second, false, false},
		"that end is not waited for for ever":       {given().job().pod(exited(3), stillRunning, told(55*time.Second)), 0, false, 0, true, true},
		"one that is over and one that is not told": {given().job().pod(exited(0)).pod(runningFor(0)), 1, false, 25 * time.Second, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			o := &c.scene.Observation
			s, done, forced := stop(o, gather(o), "Cancelled")
			if len(s.end) != c.end || s.deleteJob != c.deleteJob || s.requeue != c.requeue || done != c.done || forced != c.forced {
				t.Errorf("ends %d, deletes %t, in %s, done %t, forced %t", len(s.end), s.deleteJob, s.requeue, done, forced)
			}
			if !done && s.requeue <= 0 {
				t.Error("it waits, and nobody wakes it")
			}
		})
	}
}

// initExited adds an init container that ended with a code.
func initExited(code int32) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		pod.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "init", State: corev1.ContainerState{
			Terminated: &corev1.ContainerStateTerminated{ExitCode: code},
		}}}
	}
}

func phase(p corev1.PodPhase) func(*corev1.Pod) {
	return func(pod *corev1.Pod) { pod.Status.Phase = p }
}

func TestSoonest(t *testing.T) {
	for name, c := range map[string]struct{ a, b, want time.Duration }{
		"neither":    {0, 0, 0},
		"the first":  {1, 0, 1},
		"the second": {0, 2, 2},
		"the lesser": {3, 2, 2},
		"the least":  {2, 3, 2},
	} {
		if got := Soonest(c.a, c.b); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}
