// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"cmp"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// waitingFor says why the newest pod does not start. It is empty if the wait is normal and short. Kubernetes alternates
// between ErrImagePull and ImagePullBackOff for one problem. Both are reported as the latter, so that waiting costs one
// status write.
func waitingFor(o *Observation, f facts) string { return cmp.Or(podWaitsFor(o, f), o.PodTrouble) }

// podWaitsFor is waitingFor based on the Job and its newest pod only.
func podWaitsFor(o *Observation, f facts) string {
	if jobSuspended(o.Job) {
		return "the Job is suspended"
	}
	if f.last == nil || o.PodsRefused != "" {
		return o.PodsRefused
	}
	for _, c := range f.last.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && c.Message != "" {
			return fmt.Sprintf("%s: %s", c.Reason, c.Message)
		}
	}
	if image := unpulled(f.last); image != "" {
		return image
	}
	for _, s := range containersOf(f.last) {
		if why := containerWaits(o, &s); why != "" {
			return why
		}
	}
	return ""
}

// lastWaitReason returns the last known reason why the run did not start. A pod that was told to end no longer gives
// it.
func lastWaitReason(o *Observation, f facts) string {
	if why := waitingFor(o, f); why != "" {
		return why
	}
	switch s := &o.Execution.Status; {
	case s.Phase == v1alpha1.PhasePending, s.Phase == v1alpha1.PhaseQueued,
		s.Reason == v1alpha1.ReasonContainerWaiting, s.Reason == v1alpha1.ReasonContainerStarted:
		return s.Message
	default:
		return ""
	}
}
