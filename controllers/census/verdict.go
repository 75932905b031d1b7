// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package census

import "github.com/taskexec/taskexec/api/v1alpha1"

// Rules are the concurrency rules of a Task.
type Rules struct {
	Policy v1alpha1.ConcurrencyPolicy
	// MaxRunning is how many may be active at once. 0 means any number.
	MaxRunning int
	// MaxQueued is how many may wait.
	MaxQueued int
}

// RulesOf reads a Task.
func RulesOf(task *v1alpha1.Task) Rules {
	return Rules{Policy: task.Spec.ConcurrencyPolicy(), MaxRunning: task.Spec.MaxRunning(), MaxQueued: task.Spec.MaxQueued()}
}

// Occupancy says how many places of a Task are taken and how many executions wait, as an execution without a place
// finds it.
type Occupancy struct {
	// Active is how many executions of its Task are active.
	Active int
	// Ahead is how many waiting executions of its Task get a place before it.
	Ahead int
	// Queued is how many executions of its Task are known to wait and count against MaxQueued.
	Queued int
	// Blocked is a reached limit over all Tasks, or empty.
	Blocked v1alpha1.QueueBlocker
	// Accepted means that it was told to wait before. It is never refused then, whatever the rules are now.
	Accepted bool
}

// Outcome is what happens to an execution.
type Outcome string

// These are the outcomes.
const (
	// Start means that it gets a place.
	Start Outcome = "start"
	// Queue means that it waits for a place.
	Queue Outcome = "queue"
	// Refuse means that it fails and never runs.
	Refuse Outcome = "refuse"
)

// Verdict is the decision about an execution without a place.
type Verdict struct {
	Outcome Outcome
	// Reason is the reason of its status, or empty for Start.
	Reason string
	// BlockedBy is the reached limit, or empty for Start.
	BlockedBy v1alpha1.QueueBlocker
}

// Judge returns the verdict on an execution that finds this occupancy. The Task's own limit comes before those over all
// Tasks.
func (r Rules) Judge(o Occupancy) Verdict {
	blocker := o.Blocked
	if r.MaxRunning > 0 && o.Active+o.Ahead >= r.MaxRunning {
		blocker = v1alpha1.BlockedByTask
	}
	switch {
	case blocker == "":
		return Verdict{Outcome: Start}
	case o.Accepted:
		return Verdict{Queue, r.waitsFor(blocker), blocker}
	case blocker == v1alpha1.BlockedByTask && r.Policy == v1alpha1.ConcurrencyForbid:
		return Verdict{Refuse, v1alpha1.ReasonConcurrencyForbidden, blocker}
	case r.queued(o) >= r.MaxQueued:
		return Verdict{Refuse, v1alpha1.ReasonQueueFull, blocker}
	default:
		return Verdict{Queue, r.waitsFor(blocker), blocker}
	}
}

// queued counts the waiting executions: the known ones, and those ahead that find no free place.
func (r Rules) queued(o Occupancy) int {
	if r.MaxRunning == 0 {
		return o.Queued
	}
	return max(o.Queued, o.Ahead-max(0, r.MaxRunning-o.Active))
}

// waitsFor returns the reason of an execution that waits for a limit.
func (r Rules) waitsFor(blocker v1alpha1.QueueBlocker) string {
	switch {
	case blocker == v1alpha1.BlockedByNamespace:
		return v1alpha1.ReasonNamespaceLimit
	case blocker == v1alpha1.BlockedByController:
		return v1alpha1.ReasonControllerLimit
	case r.Policy == v1alpha1.ConcurrencyReplace:
		return v1alpha1.ReasonReplacing
	default:
		return v1alpha1.ReasonConcurrencyLimit
	}
}
