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

// Standing is where an execution stands with the places of its Task.
type Standing string

// The standings.
const (
	// Waiting: it has no place. It waits for one, for its Task or for its Secret, or no controller has seen it yet.
	Waiting Standing = "waiting"
	// Active: it has a place. It has a Job, or the API server refuses the Job for now.
	Active Standing = "active"
	// Leaving: it was cancelled before it had a place. It takes none.
	Leaving Standing = "leaving"
	// Ended: its phase is terminal. It has left its place.
	Ended Standing = "ended"
)

// StandingOf reads an execution's standing from its spec and status.
func StandingOf(e *v1alpha1.TaskExecution) Standing {
	switch phase := e.Status.Phase; {
	case phase.IsTerminal():
		return Ended
	case e.Status.Job != nil: // also in the phase Queued, where its Job is suspended
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

// Arrival is an execution's place in the order of its Task's queue.
type Arrival struct {
	Created time.Time
	Name    string
	UID     types.UID
}

// ArrivalOf returns the arrival of an execution.
func ArrivalOf(e *v1alpha1.TaskExecution) Arrival {
	return Arrival{Created: e.CreationTimestamp.Time, Name: e.Name, UID: e.UID}
}

// Compare orders by creation. Creation times have whole seconds, so that names decide within one.
func (a Arrival) Compare(b Arrival) int {
	return cmp.Or(a.Created.Compare(b.Created), strings.Compare(a.Name, b.Name), strings.Compare(string(a.UID), string(b.UID)))
}

// Census of executions, usually those of one Task.
type Census struct {
	// Active and Waiting executions, each in the order of arrival.
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

// Ahead counts the waiting executions that come before one.
func (c Census) Ahead(e *v1alpha1.TaskExecution) (n int) {
	for _, w := range c.Waiting {
		if ArrivalOf(w).Compare(ArrivalOf(e)) < 0 {
			n++
		}
	}
	return n
}

// Blocked returns the limit over all Tasks that a waiting execution is known to wait for, empty if there is none.
func (c Census) Blocked() v1alpha1.QueueBlocker {
	for _, w := range c.Waiting {
		if q := w.Status.Queue; q != nil && (q.BlockedBy == v1alpha1.BlockedByNamespace || q.BlockedBy == v1alpha1.BlockedByController) {
			return q.BlockedBy
		}
	}
	return ""
}

// Crowd returns what one more execution of the Task would find.
func (c Census) Crowd() Crowd {
	crowd := Crowd{Active: len(c.Active), Ahead: len(c.Waiting), Blocked: c.Blocked()}
	for _, w := range c.Waiting {
		if w.Status.Phase == v1alpha1.PhaseQueued {
			crowd.Queued++
		}
	}
	return crowd
}
