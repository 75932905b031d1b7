// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// PodMirror is a copy of the important facts about a pod of the run. It can be read after the pod is gone.
type PodMirror struct {
	Name string    `json:"name"`
	UID  types.UID `json:"uid"`
	// index is the completion index of the pod, if the Job is Indexed.
	// +optional
	Index *int32 `json:"index,omitempty"`
	// deciding marks the one pod whose end decided how the run ended. exitCode, reason, message and result of the run are about this
	// pod.
	// +optional
	Deciding bool `json:"deciding,omitempty"`
	// phase is the pod's phase: Pending, Running, Succeeded, Failed or Unknown. Once the run has ended, a pod whose end was not
	// observed is Unknown.
	// +optional
	Phase string `json:"phase,omitempty"`
	// node is where it ran.
	// +optional
	Node string `json:"node,omitempty"`
	// startTime is when its first container started.
	// +optional
	StartTime *metav1.Time `json:"startTime,omitempty"`
	// finishTime is when its last container ended.
	// +optional
	FinishTime *metav1.Time `json:"finishTime,omitempty"`
	// exitCode is the exit code of the task's container, or of the first container that failed.
	// +optional
	ExitCode *int32 `json:"exitCode,omitempty"`
	// reason says why the pod ended or waits, in Kubernetes' words: OOMKilled, Evicted, ImagePullBackOff. It is JobSuspended if
	// the Job was suspended while the pod ran.
	// +optional
	Reason string `json:"reason,omitempty"`
	// imageDigest is the digest of the image that the task's container ran, such as sha256:..., as the node reports it. A tag may
	// name another image tomorrow.
	// +optional
	// +kubebuilder:validation:MaxLength=200
	ImageDigest string `json:"imageDigest,omitempty"`
	// restarts is how many times its containers were restarted in place.
	// +optional
	Restarts int32 `json:"restarts,omitempty"`
}
