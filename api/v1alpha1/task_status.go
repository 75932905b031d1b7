// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TaskStatus is the observed state of a Task.
type TaskStatus struct {
	// observedGeneration is the generation that the conditions are about.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// running is the number of executions with a container that has started and not ended.
	// +optional
	Running int32 `json:"running"`
	// pending is the number of executions whose Job waits for a node, an image or a volume.
	// +optional
	Pending int32 `json:"pending"`
	// queued is the number of executions that wait for their Job, or for their Job to be admitted.
	// +optional
	Queued int32 `json:"queued"`
	// totals counts the finished executions that still exist. The metric taskexec_executions_finished_total also counts those that
	// were removed.
	// +optional
	Totals RunTotals `json:"totals,omitempty,omitzero"`
	// lastExecution is the one that was created last.
	// +optional
	LastExecution *LastExecution `json:"lastExecution,omitempty"`
	// durations summarises how long the newest completed runs took.
	// +optional
	Durations *RunDurations `json:"durations,omitempty"`

	// change is the newest change of the spec that gets a run of its own. The annotation taskexec.dev/run-on-change asks for such
	// runs.
	// +optional
	Change *SpecChange `json:"change,omitempty"`

	// conditions are Ready (whether the task can be run, and if not, why), Warning, and kstatus's Reconciling and Stalled.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// SpecChange is a change of a Task's spec that gets one run.
type SpecChange struct {
	// generation is the Task's generation after the change.
	Generation int64 `json:"generation"`
	// execution is the name of the run. It is empty until the run is created.
	// +optional
	Execution string `json:"execution,omitempty"`
}

// RunTotals counts executions by how they ended.
type RunTotals struct {
	// +optional
	Completed int32 `json:"completed"`
	// +optional
	Failed int32 `json:"failed"`
	// +optional
	Cancelled int32 `json:"cancelled"`
}

// LastExecution summarises a Task's newest execution.
type LastExecution struct {
	Name  string `json:"name"`
	Phase Phase  `json:"phase"`
	// creationTime is when the execution was created.
	CreationTime metav1.Time `json:"creationTime"`
}

// RunDurations summarises how long runs take, from the start of the first container to the end.
type RunDurations struct {
	// runs is how many runs were measured: the newest completed ones, at most 100.
	Runs int32 `json:"runs"`
	// mean is the mean duration.
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+([.][0-9]*)?(ns|us|ms|s|m|h))+$|^0$') && duration(self) >= duration('0s')",message="mean must be a duration"
	Mean metav1.Duration `json:"mean"`
	// p95 is the 95th percentile: 95 of 100 runs took no longer.
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+([.][0-9]*)?(ns|us|ms|s|m|h))+$|^0$') && duration(self) >= duration('0s')",message="p95 must be a duration"
	P95 metav1.Duration `json:"p95"`
}
