// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package jobspec

import (
	"cmp"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
)

// TrueCondition returns a Job's condition of that type if it is true, or nil.
func TrueCondition(job *batchv1.Job, conditionType batchv1.JobConditionType) *batchv1.JobCondition {
	for i := range job.Status.Conditions {
		if c := &job.Status.Conditions[i]; c.Type == conditionType && c.Status == corev1.ConditionTrue {
			return c
		}
	}
	return nil
}

// IsSidecar reports whether a container of a pod is a restartable init container, which runs beside the task's own
// (KEP-753). Its end never decides.
func IsSidecar(pod *corev1.Pod, container string) bool {
	for i := range pod.Spec.InitContainers {
		if c := &pod.Spec.InitContainers[i]; c.Name == container {
			return c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways
		}
	}
	return false
}

// Decisive returns the container whose end decided the end of its pod, or nil if none has ended. It is the task's own
// container if that failed. Otherwise it is the first failed one, init containers first, because nothing runs after a
// failed init container. If none failed, it is the task's own. A sidecar never decides.
func Decisive(pod *corev1.Pod, container string) (decisive *corev1.ContainerStatus) {
	for _, statuses := range [][]corev1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses} {
		for i := range statuses {
			c := &statuses[i]
			own, end := c.Name == container, c.State.Terminated
			switch {
			case end == nil || IsSidecar(pod, c.Name):
			case decisive == nil && (own || end.ExitCode != 0),
				end.ExitCode != 0 && (own || decisive.State.Terminated.ExitCode == 0):
				decisive = c
			}
		}
	}
	return decisive
}

// OldestFirst orders pods by their creation, and by name within one second.
func OldestFirst(a, b *corev1.Pod) int {
	return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), strings.Compare(a.Name, b.Name))
}
