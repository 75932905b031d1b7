// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package census

import "github.com/taskexec/taskexec/api/v1alpha1"

// Rules are what a Task says of its concurrency.
type Rules struct {
	Policy v1alpha1.ConcurrencyPolicy
	// MaxRunning is how many may be active at once, 0 for any number.
	MaxRunning int
	// MaxQueued is how many may wait.
	MaxQueued int
}

// RulesOf reads a Task.
func RulesOf(task *v1alpha1.Task) Rules {
	return Rules{Policy: task.Spec.ConcurrencyPolicy(), MaxRunning: task.Spec.MaxRunning(), MaxQueued: task.Spec.MaxQueued()}
}

// Crowd is what an execution without a place finds.
type Crowd struct {
	// Active executions of its Task.
	Active int
	// Ahead are the executions of its Task that wait and get a place before it.
	Ahead int
	// Queued are the executions of its Task that are known to wait and count against MaxQueued.
	Queued int
	// Blocked is a limit over all Tasks that is reached, empty if there is none.
	Blocked v1alpha1.QueueBlocker
	// Accepted: it was told to wait before. It is not refused any more, whatever the rules have become.
	Accepted bool
}

// Outcome is what happens to an execution.
type Outcome string

// The outcomes.
const (
	// Start: it gets a place.
	Start Outcome = "start"
	// Queue: it waits for a place.
	Queue Outcome = "queue"
	// Refuse: it fails, and never runs.
	Refuse Outcome = "refuse"
)

// Verdict on an execution without a place.
type Verdict struct {
	Outcome Outcome
	// Reason of its status, empty for Start.
	Reason string
	// BlockedBy is the limit that is reached, empty for Start.
	BlockedBy v1alpha1.QueueBlocker
}

// Judge returns the verdict on an execution that finds a crowd. The Task's own limit goes before those over all Tasks.
func (r Rules) Judge(c Crowd) Verdict {
	blocker := c.Blocked
	if r.MaxRunning > 0 && c.Active+c.Ahead >= r.MaxRunning {
		blocker = v1alpha1.BlockedByTask
	}
	switch {
	case blocker == "":
		return Verdict{Outcome: Start}
	case c.Accepted:
		return Verdict{Queue, r.waitsFor(blocker), blocker}
	case blocker == v1alpha1.BlockedByTask && r.Policy == v1alpha1.ConcurrencyForbid:
		return Verdict{Refuse, v1alpha1.ReasonConcurrencyForbidden, blocker}
	case r.queued(c) >= r.MaxQueued:
		return Verdict{Refuse, v1alpha1.ReasonQueueFull, blocker}
	default:
		return Verdict{Queue, r.waitsFor(blocker), blocker}
	}
}

// queued counts the executions that wait: those that are known to, and those ahead that find no free place.
func (r Rules) queued(c Crowd) int {
	if r.MaxRunning == 0 {
		return c.Queued
	}
	return max(c.Queued, c.Ahead-max(0, r.MaxRunning-c.Active))
}

// waitsFor is the reason of an execution that waits for a limit.
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
