// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

func podEnded(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

// PodMayRun reports whether a pod is on a node and has not ended.
func PodMayRun(pod *corev1.Pod) bool { return !podEnded(pod) && pod.Spec.NodeName != "" }

// PodGoesOn reports whether a pod of a deleted execution is assumed to run. It is, until it has ended or, if it was
// deleted, until its node is overdue to confirm that.
func PodGoesOn(pod *corev1.Pod, now time.Time) bool {
	overdue := pod.DeletionTimestamp != nil && !now.Before(pod.DeletionTimestamp.Add(giveUpMargin))
	return PodMayRun(pod) && !overdue
}

// containerTimes returns the first start and the last end of a pod's containers, or zero.
func containerTimes(pod *corev1.Pod) (from, to time.Time) {
	visit := func(s corev1.ContainerStatus) {
		for _, state := range []corev1.ContainerState{s.LastTerminationState, s.State} {
			switch {
			case state.Running != nil:
				from = earlier(from, state.Running.StartedAt.Time)
			case state.Terminated != nil:
				from = earlier(from, state.Terminated.StartedAt.Time)
				if state.Terminated.FinishedAt.After(to) {
					to = state.Terminated.FinishedAt.Time
				}
			}
		}
	}
	for _, s := range pod.Status.InitContainerStatuses {
		visit(s)
	}
	for _, s := range pod.Status.ContainerStatuses {
		visit(s)
	}
	return from, to
}

func startOf(pod *corev1.Pod) time.Time {
	from, _ := containerTimes(pod)
	return from
}

// endedAt returns when the last container of a pod ended. If none ran, it returns the latest time in the pod's status.
func endedAt(pod *corev1.Pod) time.Time {
	_, at := containerTimes(pod)
	if !at.IsZero() {
		return at
	}
	at = pod.CreationTimestamp.Time
	for i := range pod.Status.Conditions {
		if t := pod.Status.Conditions[i].LastTransitionTime.Time; t.After(at) {
			at = t
		}
	}
	return at
}

// containersOf returns the containers of a pod in starting order.
func containersOf(pod *corev1.Pod) []corev1.ContainerStatus {
	out := make([]corev1.ContainerStatus, 0, len(pod.Status.InitContainerStatuses)+len(pod.Status.ContainerStatuses))
	return append(append(out, pod.Status.InitContainerStatuses...), pod.Status.ContainerStatuses...)
}

// isIdle reports whether a pod waits to start a container and runs none, as far as its node has reported. The node may
// be about to start one. A pod is not idle if all its containers have ended, or if an init container has failed: its
// kubelet reports next how the pod goes on. A pod gets a terminal phase only after its containers have ended, in a
// report of its own (mergePodStatus in the kubelet).
func isIdle(pod *corev1.Pod) bool {
	waits := pod.Status.Phase == corev1.PodPending
	for _, s := range containersOf(pod) {
		if s.State.Running != nil {
			return false
		}
		waits = waits || s.State.Terminated == nil // a state that is not given means waiting
	}
	return waits && !slices.ContainsFunc(pod.Status.InitContainerStatuses, func(s corev1.ContainerStatus) bool {
		return s.State.Terminated != nil && s.State.Terminated.ExitCode != 0
	})
}

// isHalfReported reports whether a pod has ended while the task's own container or an init container still runs,
// according to its status. The kubelet's status manager can pair the new phase with older container states. If the
// phase is not the kubelet's, because the node is lost, nothing more comes.
func isHalfReported(pod *corev1.Pod, container string) bool {
	if !podEnded(pod) || disruptionOf(pod).reason == v1alpha1.ReasonNodeLost {
		return false
	}
	return slices.ContainsFunc(pod.Status.ContainerStatuses, func(s corev1.ContainerStatus) bool {
		return s.State.Running != nil && s.Name == container
	}) || slices.ContainsFunc(pod.Status.InitContainerStatuses, func(s corev1.ContainerStatus) bool {
		return s.State.Running != nil && !jobspec.IsSidecar(pod, s.Name)
	})
}

// hasRun reports whether an ended container had started. If a runtime could not start it, its start is missing or the
// epoch.
func hasRun(t *corev1.ContainerStateTerminated) bool {
	return t != nil && !t.StartedAt.IsZero() && t.StartedAt.Unix() > 0
}

func sandboxIsReady(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == podSandboxIsReady && c.Status == corev1.ConditionTrue
	})
}

// deletionAsked returns when somebody deleted a pod. The pod's deletionTimestamp is the end of its grace period.
func deletionAsked(pod *corev1.Pod) time.Time {
	asked := pod.DeletionTimestamp.Time
	if grace := pod.DeletionGracePeriodSeconds; grace != nil {
		asked = asked.Add(-seconds(*grace))
	}
	return asked
}

func gracePeriod(pod *corev1.Pod) time.Duration {
	if s := pod.Spec.TerminationGracePeriodSeconds; s != nil {
		return seconds(*s)
	}
	return defaultGrace
}

// restarts returns how often the task's own container was restarted in place.
func restarts(pod *corev1.Pod, container string) int32 {
	for i := range pod.Status.ContainerStatuses {
		if s := &pod.Status.ContainerStatuses[i]; s.Name == container {
			return s.RestartCount
		}
	}
	return 0
}
