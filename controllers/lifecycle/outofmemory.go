// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

// outOfMemory describes a kill by the kernel at a container's memory limit. If the container's exit code is not that of
// SIGKILL, the killed process was not its first one.
func outOfMemory(name string, t *corev1.ContainerStateTerminated) (message string, is bool) {
	switch {
	case t == nil || t.Reason != v1alpha1.ReasonOOMKilled:
		return "", false
	case t.ExitCode == exitKilled:
		return fmt.Sprintf("container %q was killed for using more memory than its limit", name), true
	default:
		return fmt.Sprintf("a process of container %q was killed for using more memory than its limit, and the container ended with exit code %d",
			name, t.ExitCode), true
	}
}

// quietOutOfMemory returns a warning if a run completed although one of its processes was killed, or empty.
func quietOutOfMemory(o *Observation) string {
	for i := len(o.Pods) - 1; i >= 0; i-- {
		pod := o.Pods[i]
		if pod.Status.Phase != corev1.PodSucceeded {
			continue
		}
		for _, s := range containersOf(pod) {
			if message, is := outOfMemory(s.Name, s.State.Terminated); is && !jobspec.IsSidecar(pod, s.Name) {
				return message
			}
		}
	}
	return ""
}
