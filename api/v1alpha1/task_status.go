package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TaskStatus is what the controller found out about a Task.
type TaskStatus struct {
	// observedGeneration is the generation that the conditions speak of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// running is how many executions have a container that started and did not end.
	// +optional
	Running int32 `json:"running"`
	// pending is how many have their Job, and wait for a node, an image or a volume.
	// +optional
	Pending int32 `json:"pending"`
	// queued is how many wait for their Job, or for it to be admitted.
	// +optional
	Queued int32 `json:"queued"`
	// totals of the executions that ended and exist now. What was removed since is not in them; the metric
	// taskexec_executions_finished_total counts it.
	// +optional
	Totals RunTotals `json:"totals,omitempty,omitzero"`
	// lastExecution is the one that was created last.
	// +optional
	LastExecution *LastExecution `json:"lastExecution,omitempty"`
	// durations of the runs that completed most recently.
	// +optional
	Durations *RunDurations `json:"durations,omitempty"`

	// change is the change of the spec that a run is made for, where the annotation taskexec.dev/run-on-change asks
	// for one.
	// +optional
	Change *SpecChange `json:"change,omitempty"`

	// conditions: Ready says whether the task can be run, and if not, why; and kstatus's Reconciling and Stalled.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// SpecChange is a change of a Task's spec that is run once.
type SpecChange struct {
	// generation that the change made.
	Generation int64 `json:"generation"`
	// execution that was made for it, empty while it waits.
	// +optional
	Execution string `json:"execution,omitempty"`
}

// RunTotals count executions by how they ended.
type RunTotals struct {
	// +optional
	Completed int32 `json:"completed"`
	// +optional
	Failed int32 `json:"failed"`
	// +optional
	Cancelled int32 `json:"cancelled"`
}

// LastExecution is what there is to know at a glance of a Task's newest execution.
type LastExecution struct {
	Name  string `json:"name"`
	Phase Phase  `json:"phase"`
	// creationTime of the execution.
	CreationTime metav1.Time `json:"creationTime"`
}

// RunDurations tell how long a run takes, from the start of its first container to its end.
type RunDurations struct {
	// runs that were measured: those of the newest 100 that completed.
	Runs int32 `json:"runs"`
	// mean of them.
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+([.][0-9]*)?(ns|us|ms|s|m|h))+$|^0$') && duration(self) >= duration('0s')",message="mean must be a duration"
	Mean metav1.Duration `json:"mean"`
	// p95: 95 of 100 took no longer.
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+([.][0-9]*)?(ns|us|ms|s|m|h))+$|^0$') && duration(self) >= duration('0s')",message="p95 must be a duration"
	P95 metav1.Duration `json:"p95"`
}
