package v1alpha1

// ConcurrencySpec bounds how many runs of a task are active at once, and says what becomes of one that comes
// while as many are. A run is active from when its Job may be created until its containers have ended.
//
// +kubebuilder:validation:XValidation:rule="!has(self.maxQueued) || self.policy in ['Allow', 'Queue']",message="maxQueued needs the policy Allow or Queue: with Forbid and Replace no run waits for another's turn",fieldPath=".maxQueued"
type ConcurrencySpec struct {
	// policy: Allow and Queue let the run wait for its turn, first come first served; they differ in how many
	// are active at once where maxRunning does not say. Forbid has it fail. Replace cancels the oldest, and
	// starts it when they have ended.
	// +optional
	// +kubebuilder:default=Allow
	Policy ConcurrencyPolicy `json:"policy,omitempty"`

	// maxRunning is how many runs are active at once. Without it, any number with Allow, and 1 with the other
	// policies.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000
	MaxRunning *int32 `json:"maxRunning,omitempty"`

	// maxQueued is how many runs may wait. One that comes when as many wait fails. Without it, 1000 may, with each policy.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=10000
	MaxQueued *int32 `json:"maxQueued,omitempty"`
}

// ConcurrencyPolicy is what becomes of a run that comes while as many as may be are active.
//
// +kubebuilder:validation:Enum=Allow;Forbid;Replace;Queue
type ConcurrencyPolicy string

// The policies.
const (
	// ConcurrencyAllow lets any number be active unless maxRunning bounds it; then the run waits.
	ConcurrencyAllow ConcurrencyPolicy = "Allow"
	// ConcurrencyForbid has the run fail.
	ConcurrencyForbid ConcurrencyPolicy = "Forbid"
	// ConcurrencyReplace cancels the oldest runs in its favour.
	ConcurrencyReplace ConcurrencyPolicy = "Replace"
	// ConcurrencyQueue lets the run wait for its turn.
	ConcurrencyQueue ConcurrencyPolicy = "Queue"
)

// QueueStatus is what a Queued run waits for.
type QueueStatus struct {
	// position in the queue of its task, counted from 1; 0 when something else holds it. It is not written
	// anew for each step: the run may be further ahead, up to four times.
	// +optional
	Position int32 `json:"position,omitempty"`
	// blockedBy is whose limit is reached, or who holds the Job.
	BlockedBy QueueBlocker `json:"blockedBy"`
}

// QueueBlocker is what keeps a run from its turn.
//
// +kubebuilder:validation:Enum=Task;Namespace;Controller;Job
type QueueBlocker string

// The blockers.
const (
	// BlockedByTask: as many runs of the Task are active as its spec.concurrency lets be.
	BlockedByTask QueueBlocker = "Task"
	// BlockedByNamespace: as many are active in the namespace as --max-running-per-namespace lets be.
	BlockedByNamespace QueueBlocker = "Namespace"
	// BlockedByController: as many are active in all as --max-running lets be.
	BlockedByController QueueBlocker = "Controller"
	// BlockedByJob: the Job exists and is suspended, by Kueue where it has Kueue's label.
	BlockedByJob QueueBlocker = "Job"
)

// ConcurrencyPolicy gives the policy of a Task: Allow where it says none.
func (s *TaskSpec) ConcurrencyPolicy() ConcurrencyPolicy {
	if s.Concurrency == nil || s.Concurrency.Policy == "" {
		return ConcurrencyAllow
	}
	return s.Concurrency.Policy
}

// MaxRunning is how many runs of a Task may be active at once, 0 for any number.
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

// DefaultMaxQueued is how many runs of a Task may wait where the Task does not say.
const DefaultMaxQueued = 1000

// MaxQueued is how many runs of a Task may wait for their turn, whoever's limit they wait for.
func (s *TaskSpec) MaxQueued() int {
	if s.Concurrency == nil || s.Concurrency.MaxQueued == nil {
		return DefaultMaxQueued
	}
	return int(*s.Concurrency.MaxQueued)
}
