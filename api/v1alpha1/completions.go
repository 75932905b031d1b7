// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Completions is the progress of a run whose Job wants more than one pod to succeed.
type Completions struct {
	// wanted is how many pods must succeed: completions of the Job template.
	Wanted int32 `json:"wanted"`
	// succeeded is how many pods have succeeded. In an Indexed Job, each index counts once.
	Succeeded int32 `json:"succeeded"`
	// failedIndexes are the indexes that are not retried, such as "1,3-5". An Indexed Job with a backoffLimitPerIndex has them. A
	// long list is cut and ends with "…".
	// +optional
	// +kubebuilder:validation:MaxLength=256
	FailedIndexes string `json:"failedIndexes,omitempty"`
}

// Suspension says how long a run was suspended after it had started. That time does not count towards the timeout.
type Suspension struct {
	// since is when the Job was suspended. It is absent once a container has started again.
	// +optional
	Since *metav1.Time `json:"since,omitempty"`
	// resumed is when the Job was resumed before a container last started again.
	// +optional
	Resumed *metav1.Time `json:"resumed,omitempty"`
	// total is the time of all earlier suspensions, each from when the Job was suspended until a container started again.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+([.][0-9]*)?(ns|us|ms|s|m|h))+$|^0$') && duration(self) >= duration('0s')",message="total must be a duration"
	Total metav1.Duration `json:"total,omitempty"`
}

// Deadline returns when the timeout ends the run. ok is false while the timeout does not count: before the first container has
// started, and while the run is suspended.
func (s *TaskExecutionStatus) Deadline(timeout *metav1.Duration) (at metav1.Time, ok bool) {
	if timeout == nil || s.StartTime == nil || (s.Suspension != nil && s.Suspension.Since != nil) {
		return metav1.Time{}, false
	}
	at = metav1.NewTime(s.StartTime.Add(timeout.Duration))
	if s.Suspension != nil {
		at = metav1.NewTime(at.Add(s.Suspension.Total.Duration))
	}
	return at, true
}

// DecidingPod returns the pod whose end decided how the run ended. It returns nil if no pod decided or the run has not ended.
func (s *TaskExecutionStatus) DecidingPod() *PodMirror {
	for i := range s.Pods {
		if s.Pods[i].Deciding {
			return &s.Pods[i]
		}
	}
	return nil
}
