// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"fmt"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

// storageLimits are parts of the kubelet's messages about a pod that exceeded its own storage limits
// (pkg/kubelet/eviction/helpers.go). They have the same reason, Evicted, as an eviction due to node pressure, but no
// condition DisruptionTarget.
var storageLimits = []string{
	"Usage of EmptyDir volume ",
	"Pod ephemeral local storage usage exceeds the total limit of containers ",
	" exceeded its local ephemeral storage limit ",
}

// templateLimit reports whether a limit in the Task's template ended a pod. Then neither the platform nor the program
// is the cause, and another attempt would end in the same way.
func templateLimit(pod *corev1.Pod) (reason, message string, is bool) {
	if _, _, byUs := endMark(pod); byUs || !podEnded(pod) {
		return "", "", false
	}
	switch {
	case pod.Status.Reason == podDeadlineExceeded:
		limit := "activeDeadlineSeconds"
		if s := pod.Spec.ActiveDeadlineSeconds; s != nil {
			limit = fmt.Sprintf("activeDeadlineSeconds of %d", *s)
		}
		return v1alpha1.ReasonPodDeadlineExceeded,
			fmt.Sprintf("pod %s was active for longer than its own %s, which the Task's jobTemplate sets", pod.Name, limit), true
	case pod.Status.Reason == podEvicted && disruptionTarget(pod) == nil && isStorageLimit(pod.Status.Message):
		return v1alpha1.ReasonStorageLimitExceeded,
			fmt.Sprintf("pod %s used more local storage than the Task's jobTemplate allows: %s", pod.Name, strings.TrimSpace(pod.Status.Message)), true
	default:
		return "", "", false
	}
}

func isStorageLimit(message string) bool {
	for i, words := range storageLimits {
		if i < 2 && strings.HasPrefix(message, words) || i == 2 && strings.HasPrefix(message, "Container ") && strings.Contains(message, words) {
			return true
		}
	}
	return false
}

// templateLimitBefore returns from the mirror how the last pod ended, if that pod is gone.
func templateLimitBefore(last *v1alpha1.PodMirror) (verdict, bool) {
	switch last.Reason {
	case v1alpha1.ReasonPodDeadlineExceeded:
		return verdict{v1alpha1.PhaseFailed, last.Reason, fmt.Sprintf("pod %s was active for longer than its own activeDeadlineSeconds, which the Task's jobTemplate sets", last.Name)}, true
	case v1alpha1.ReasonStorageLimitExceeded:
		return verdict{v1alpha1.PhaseFailed, last.Reason, fmt.Sprintf("pod %s used more local storage than the Task's jobTemplate allows", last.Name)}, true
	default:
		return verdict{}, false
	}
}

// jobDeadline describes the end of a Job that was active for longer than its activeDeadlineSeconds. If the template
// sets none, we set one. It is later than our own clocks and acts if no controller runs.
func jobDeadline(o *Observation, f facts, v verdict) verdict {
	v.reason = v1alpha1.ReasonDeadlineExceeded
	if s := o.Job.Spec.ActiveDeadlineSeconds; s != nil && !jobspec.IsBackstop(*s, f.snapshot) {
		v.reason = v1alpha1.ReasonJobDeadlineExceeded
		v.message = fmt.Sprintf("the Job was active for longer than its own activeDeadlineSeconds of %d, which the Task's jobTemplate sets", *s)
		if why := lastWaitReason(o, f); why != "" && f.started.IsZero() {
			v.message += ": " + why
		}
	}
	return v
}

// isJobDeadline reports whether the Job controller ended the Job for its activeDeadlineSeconds.
func isJobDeadline(c *batchv1.JobCondition) bool {
	return c.Reason == batchv1.JobReasonDeadlineExceeded
}
