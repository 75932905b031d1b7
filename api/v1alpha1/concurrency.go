// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// ConcurrencySpec limits how many runs of a task are active at once, and says what happens to a new run when the limit is reached.
// A run is active from when its Job may be created until its containers have ended.
//
// +kubebuilder:validation:XValidation:rule="!has(self.maxQueued) || self.policy in ['Allow', 'Queue']",message="maxQueued needs the policy Allow or Queue: with Forbid and Replace no run waits for another's turn",fieldPath=".maxQueued"
type ConcurrencySpec struct {
	// policy says what happens to a new run when the limit is reached. With Allow and Queue it waits, first come first served; they
	// differ in the default of maxRunning. With Forbid it fails. With Replace the oldest active runs are cancelled, and the new
	// run starts when they have ended.
	// +optional
	// +kubebuilder:default=Allow
	Policy ConcurrencyPolicy `json:"policy,omitempty"`

	// maxRunning is how many runs may be active at once. The default is no limit with Allow, and 1 with the other policies.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000
	MaxRunning *int32 `json:"maxRunning,omitempty"`

	// maxQueued is how many runs may wait. A new run fails if that many wait already. The default is 1000.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=10000
	MaxQueued *int32 `json:"maxQueued,omitempty"`
}

// ConcurrencyPolicy says what happens to a new run when the limit of active runs is reached.
//
// +kubebuilder:validation:Enum=Allow;Forbid;Replace;Queue
type ConcurrencyPolicy string

// The policies.
const (
	// ConcurrencyAllow has no limit unless maxRunning sets one. At the limit, the run waits.
	ConcurrencyAllow ConcurrencyPolicy = "Allow"
	// ConcurrencyForbid makes the run fail.
	ConcurrencyForbid ConcurrencyPolicy = "Forbid"
	// ConcurrencyReplace cancels the oldest active runs to make room.
	ConcurrencyReplace ConcurrencyPolicy = "Replace"
	// ConcurrencyQueue makes the run wait for its place.
	ConcurrencyQueue ConcurrencyPolicy = "Queue"
)

// QueueStatus says what a Queued run waits for.
type QueueStatus struct {
	// position is the run's place in the queue of its Task, counted from 1. It is 0 if the run waits for something else. It is not
	// updated at every step: the real position may be up to four times smaller.
	// +optional
	Position int32 `json:"position,omitempty"`
	// blockedBy names the limit that is reached, or Job if the Job is held.
	BlockedBy QueueBlocker `json:"blockedBy"`
}

// QueueBlocker is what a queued run waits for.
//
// +kubebuilder:validation:Enum=Task;Namespace;Controller;Job
type QueueBlocker string

// The blockers.
const (
	// BlockedByTask: the limit of the Task's spec.concurrency is reached.
	BlockedByTask QueueBlocker = "Task"
	// BlockedByNamespace: the limit of the controller's --max-running-per-namespace is reached.
	BlockedByNamespace QueueBlocker = "Namespace"
	// BlockedByController: the limit of the controller's --max-running is reached.
	BlockedByController QueueBlocker = "Controller"
	// BlockedByJob: the Job exists and is suspended, for example by Kueue.
	BlockedByJob QueueBlocker = "Job"
)

// ConcurrencyPolicy returns the policy of a Task. The default is Allow.
func (s *TaskSpec) ConcurrencyPolicy() ConcurrencyPolicy {
	if s.Concurrency == nil || s.Concurrency.Policy == "" {
		return ConcurrencyAllow
	}
	return s.Concurrency.Policy
}

// MaxRunning returns how many runs of a Task may be active at once. 0 means no limit.
func (s *TaskSpec) MaxRunning() int {
	switch {
	case s.Concurrency != nil && s.Concurrency.MaxRunning != nil:
		return int(*s.Concurrency.MaxRunning)
	case s.ConcurrencyPolicy() == ConcurrencyAllow:
		return 0
	default:
		return 1
	}
}

// DefaultMaxQueued is the default of spec.concurrency.maxQueued.
const DefaultMaxQueued = 1000

// MaxQueued returns how many runs of a Task may wait, whichever limit they wait for.
func (s *TaskSpec) MaxQueued() int {
	if s.Concurrency == nil || s.Concurrency.MaxQueued == nil {
		return DefaultMaxQueued
	}
	return int(*s.Concurrency.MaxQueued)
}
