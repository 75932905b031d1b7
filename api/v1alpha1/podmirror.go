package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// PodMirror is what is kept of a pod of the run, so that it can be read after the pod is gone.
type PodMirror struct {
	Name string    `json:"name"`
	UID  types.UID `json:"uid"`
	// index that the pod worked on, where the Job is Indexed.
	// +optional
	Index *int32 `json:"index,omitempty"`
	// deciding tells of the one pod whose end decided how the run ended. exitCode, reason, message and result of the
	// run are said of this pod.
	// +optional
	Deciding bool `json:"deciding,omitempty"`
	// phase of the pod: Pending, Running, Succeeded, Failed or Unknown. A pod whose end nobody saw is Unknown once the
	// run has ended.
	// +optional
	Phase string `json:"phase,omitempty"`
	// node that ran it.
	// +optional
	Node string `json:"node,omitempty"`
	// startTime of its first container.
	// +optional
	StartTime *metav1.Time `json:"startTime,omitempty"`
	// finishTime of its last container.
	// +optional
	FinishTime *metav1.Time `json:"finishTime,omitempty"`
	// exitCode of the task's container, or of the first container that failed.
	// +optional
	ExitCode *int32 `json:"exitCode,omitempty"`
	// reason why it ended or waits, in Kubernetes' words: OOMKilled, Evicted, ImagePullBackOff. JobSuspended where the
	// Job was suspended while it ran.
	// +optional
	Reason string `json:"reason,omitempty"`
	// restarts of its containers in place.
	// +optional
	Restarts int32 `json:"restarts,omitempty"`
}
