// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// imageDue returns when a run ends because the image of a pod cannot be pulled: after a grace, within which a registry
// usually recovers. A pod does not say since when its pull fails. The condition ImagesPulled does, also over a restart
// of the controller. troubled is false if no pull fails.
func imageDue(o *Observation, f facts) (due time.Time, troubled bool) {
	pod := pullingPod(f)
	if pod == nil {
		return time.Time{}, false
	}
	reason, byUs := podEndedByUs(pod)
	gaveUp := endMarked(pod, v1alpha1.ReasonImagePullFailed) && !podEnded(pod) || byUs && reason == v1alpha1.ReasonImagePullFailed
	if !gaveUp && (podEnded(pod) || unpulled(pod) == "") {
		return time.Time{}, false
	}
	c := apimeta.FindStatusCondition(o.Execution.Status.Conditions, v1alpha1.ConditionImagesPulled)
	if c == nil || c.Status != metav1.ConditionFalse {
		return o.Now.Add(max(o.Options.ImagePullGrace, time.Millisecond)), true
	}
	return c.LastTransitionTime.Add(o.Options.ImagePullGrace), true
}

// pullingPod returns the first pod that may still start and whose image cannot be pulled, or else the newest; nil if
// there is none.
func pullingPod(f facts) *corev1.Pod {
	for _, pod := range f.live {
		if unpulled(pod) != "" {
			return pod
		}
	}
	return f.last
}

// unpulledBefore returns the image from the condition, for when its pod has ended and no longer names it.
func unpulledBefore(o *Observation) string {
	if c := apimeta.FindStatusCondition(o.Execution.Status.Conditions, v1alpha1.ConditionImagesPulled); c != nil {
		return c.Message
	}
	return ""
}

// unpulled returns the image of a pod that cannot be pulled, with the kubelet's reason, or empty.
// https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/images/types.go
func unpulled(pod *corev1.Pod) string {
	for _, s := range containersOf(pod) {
		if s.State.Waiting == nil {
			continue
		}
		switch reason := s.State.Waiting.Reason; reason {
		case "ErrImagePull", "ImagePullBackOff":
			return fmt.Sprintf("%s: image %q of container %q cannot be pulled", v1alpha1.ReasonImagePullBackOff, s.Image, s.Name)
		case "ErrImageNeverPull", "InvalidImageName", "RegistryUnavailable", "SignatureValidationFailed":
			return fmt.Sprintf("%s: image %q of container %q cannot be pulled", reason, s.Image, s.Name)
		}
	}
	return ""
}
