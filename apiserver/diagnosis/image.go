// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/phrases"
)

// imagePullFailed says which image ended the run.
func imagePullFailed(o *Observation) (verdict, bool) {
	if !o.hasFailed(v1alpha1.ReasonImagePullFailed) {
		return verdict{}, false
	}
	// The message has the image. The pod may be gone, or have ended without a word about it.
	return verdict{v1alpha1.ReasonImagePullFailed, sayImageFailed.With(because(o.Execution.Status.Message), pullError(o)), adviseImage.With()}, true
}

// imageUnpulled says which image keeps the run from starting.
func imageUnpulled(o *Observation) (verdict, bool) {
	pod := o.waitingPod()
	if pod == nil {
		// The pods could not be read, or the next one is not there yet. The condition still has the image.
		c := apimeta.FindStatusCondition(o.Execution.Status.Conditions, v1alpha1.ConditionImagesPulled)
		if o.ended() || o.last() != nil || c == nil || c.Status != metav1.ConditionFalse {
			return verdict{}, false
		}
		return verdict{v1alpha1.ReasonImagePullBackOff, sayImageTrouble.With(because(c.Message)), adviseImage.With()}, true
	}
	for _, s := range statusesOf(pod) {
		if s.State.Waiting == nil || !isImageTrouble(s.State.Waiting.Reason) {
			continue
		}
		return verdict{
			v1alpha1.ReasonImagePullBackOff,
			sayImageUnpulled.With(imageOf(pod, &s), s.Name, onNode(pod.Spec.NodeName), pullError(o)),
			adviseImage.With(),
		}, true
	}
	return verdict{}, false
}

// isImageTrouble reports whether a container waits because of its image. The reasons are the kubelet's
// (pkg/kubelet/images/types.go).
func isImageTrouble(reason string) bool {
	switch reason {
	case "ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "RegistryUnavailable", "SignatureValidationFailed", "ImageInspectError":
		return true
	default:
		return false
	}
}

// imageOf returns the image of a container as the Task names it. The status may have it resolved or lack it.
func imageOf(pod *corev1.Pod, s *corev1.ContainerStatus) string {
	if c := containerOf(pod, s.Name); c != nil && c.Image != "" {
		return c.Image
	}
	return s.Image
}

// pullError quotes the error of the last pull. Only Events keep it while the node waits to pull again.
func pullError(o *Observation) phrases.Text {
	for i := range o.Events {
		if e := &o.Events[i]; e.Reason == "Failed" && isPullMessage(e.Message) {
			return clauseQuoted.With(e.Message)
		}
	}
	return none
}
