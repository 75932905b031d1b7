// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package census

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// Standing says whether an execution has a place of its Task.
type Standing string

// These are the standings.
const (
	// Waiting means that it has no place. It waits for one, for its Task or for its Secret, or no controller has seen
	// it yet.
	Waiting Standing = "waiting"
	// Active means that it has a place. It has a Job, or the API server refuses the Job for now.
	Active Standing = "active"
	// Leaving means that it was cancelled before it had a place. It takes none.
	Leaving Standing = "leaving"
	// Ended means that its phase is terminal. It has left its place.
	Ended Standing = "ended"
)

// StandingOf derives an execution's standing from its spec and status.
func StandingOf(e *v1alpha1.TaskExecution) Standing {
	switch phase := e.Status.Phase; {
	case phase.IsTerminal():
		return Ended
	case e.Status.Job != nil: // even if Queued: then its Job is suspended
		return Active
	case phase == v1alpha1.PhaseRunning, phase == v1alpha1.PhaseCancelling: // the name of its Job could not be decoded
		return Active
	case e.Spec.Cancel != nil:
		return Leaving
	case e.Status.Reason == v1alpha1.ReasonJobRefused:
		return Active
	default:
		return Waiting
	}
}

// Arrival orders the executions in the queue of a Task.
type Arrival struct {
	Created time.Time
	Name    string
	UID     types.UID
}

// ArrivalOf returns the arrival of an execution.
func ArrivalOf(e *v1alpha1.TaskExecution) Arrival {
	return Arrival{Created: e.CreationTimestamp.Time, Name: e.Name, UID: e.UID}
}

// Compare orders by creation. Creation times have whole seconds, so names decide within a second.
func (a Arrival) Compare(b Arrival) int {
	return cmp.Or(a.Created.Compare(b.Created), strings.Compare(a.Name, b.Name), strings.Compare(string(a.UID), string(b.UID)))
}

// Census counts executions, usually those of one Task.
type Census struct {
	// Active and Waiting executions are in the order of arrival.
	Active, Waiting []*v1alpha1.TaskExecution
}

// Take counts executions.
func Take(executions []*v1alpha1.TaskExecution) (c Census) {
	for _, e := range executions {
		switch StandingOf(e) {
		case Active:
			c.Active = append(c.Active, e)
		case Waiting:
			c.Waiting = append(c.Waiting, e)
		case Leaving, Ended:
		}
	}
	byArrival := func(a, b *v1alpha1.TaskExecution) int { return ArrivalOf(a).Compare(ArrivalOf(b)) }
	slices.SortFunc(c.Active, byArrival)
	slices.SortFunc(c.Waiting, byArrival)
	return c
}

// Ahead counts the waiting executions that come before an arrival.
func (c Census) Ahead(e *v1alpha1.TaskExecution) (n int) {
	for _, w := range c.Waiting {
		if ArrivalOf(w).Compare(ArrivalOf(e)) < 0 {
			n++
		}
	}
	return n
}

// Blocked returns the limit over all Tasks that any waiting execution is known to wait for, or empty. The limit of the
// namespace comes before that of the controller, as in the queue.
func (c Census) Blocked() (blocker v1alpha1.QueueBlocker) {
	for _, w := range c.Waiting {
		switch q := w.Status.Queue; {
		case q == nil:
		case q.BlockedBy == v1alpha1.BlockedByNamespace:
			return q.BlockedBy
		case q.BlockedBy == v1alpha1.BlockedByController:
			blocker = q.BlockedBy
		}
	}
	return blocker
}

// Occupancy returns what one more execution of the Task would find.
func (c Census) Occupancy() Occupancy {
	occupancy := Occupancy{Active: len(c.Active), Ahead: len(c.Waiting), Blocked: c.Blocked()}
	for _, w := range c.Waiting {
		if w.Status.Phase == v1alpha1.PhaseQueued {
			occupancy.Queued++
		}
	}
	return occupancy
}
