// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/controllers/jobspec"
)

// RunsOf returns the container runs of a pod that have a log, in the order in which they started. Of each container it
// returns the current run if it has started, and the previous run if the container was restarted. main names the task's
// own container.
func RunsOf(pod *corev1.Pod, main string) []ContainerRun {
	var runs []ContainerRun
	podEnded := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
	for i := range pod.Status.InitContainerStatuses {
		s := &pod.Status.InitContainerStatuses[i]
		role := Init
		if jobspec.IsSidecar(pod, s.Name) {
			role = Sidecar
		}
		runs = append(runs, runsOf(pod, s, role, i, podEnded)...)
	}
	for i := range pod.Status.ContainerStatuses {
		s := &pod.Status.ContainerStatuses[i]
		role := Main
		if s.Name != main {
			role = Sidecar
		}
		runs = append(runs, runsOf(pod, s, role, len(pod.Status.InitContainerStatuses)+i, podEnded)...)
	}
	slices.SortStableFunc(runs, func(a, b ContainerRun) int { return a.StartedAt.Compare(b.StartedAt) })
	return runs
}

func runsOf(pod *corev1.Pod, s *corev1.ContainerStatus, role Role, place int, podEnded bool) (runs []ContainerRun) {
	run := ContainerRun{
		Namespace: pod.Namespace, Pod: pod.Name, PodUID: pod.UID, Index: jobspec.IndexOf(pod),
		Container: s.Name, Role: role, ContainerID: s.ContainerID, Restart: s.RestartCount, Place: place,
	}
	if t := s.LastTerminationState.Terminated; t != nil {
		before := run
		before.ContainerID, before.Previous = t.ContainerID, true
		if t.ContainerID != run.ContainerID {
			before.Restart = max(0, run.Restart-1)
		}
		before.ended(t)
		runs = append(runs, before)
	}
	switch state := s.State; {
	case state.Running != nil:
		run.StartedAt, run.Ended = state.Running.StartedAt.Time, podEnded
		runs = append(runs, run)
	case state.Terminated != nil:
		run.ContainerID = cmp.Or(state.Terminated.ContainerID, run.ContainerID)
		run.ended(state.Terminated)
		if run.ContainerID != "" { // without an ID it did not run, or that is unknown, and the kubelet has no log
			runs = append(runs, run)
		}
	}
	return runs
}

func (c *ContainerRun) ended(t *corev1.ContainerStateTerminated) {
	c.Ended, c.StartedAt, c.FinishedAt = true, t.StartedAt.Time, t.FinishedAt.Time
}
