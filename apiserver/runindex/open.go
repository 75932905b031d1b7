// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runindex

import (
	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/backlog"
	"github.com/taskexec/taskexec/controllers/census"
)

// Open counts executions that have not ended.
type Open struct {
	// Active are the executions that have a place, Ahead those that wait for one, and Queued those of Ahead in the
	// phase Queued.
	Active, Ahead, Queued int
	// ForNamespace and ForController are the executions of Ahead that wait for a limit over all tasks.
	ForNamespace, ForController int
	// Waiting are the executions without a Job that nobody has cancelled.
	Waiting backlog.Held
}

// openOf counts one execution.
func openOf(e *v1alpha1.TaskExecution) (o Open) {
	if e.Status.Phase.IsTerminal() {
		return Open{}
	}
	c := census.Take([]*v1alpha1.TaskExecution{e}).Occupancy()
	o.Active, o.Ahead, o.Queued = c.Active, c.Ahead, c.Queued
	switch c.Blocked {
	case v1alpha1.BlockedByNamespace:
		o.ForNamespace = 1
	case v1alpha1.BlockedByController:
		o.ForController = 1
	case v1alpha1.BlockedByTask, v1alpha1.BlockedByJob, "":
	}
	if e.Status.Job == nil && e.Spec.Cancel == nil {
		o.Waiting = backlog.Held{Runs: 1, Bytes: e.Size}
	}
	return o
}

// Blocked returns the limit over all tasks that an execution waits for, empty if none does.
func (o Open) Blocked() v1alpha1.QueueBlocker {
	switch {
	case o.ForNamespace > 0:
		return v1alpha1.BlockedByNamespace
	case o.ForController > 0:
		return v1alpha1.BlockedByController
	default:
		return ""
	}
}

func (o Open) plus(other Open, sign int) Open {
	return Open{
		Active: o.Active + sign*other.Active, Ahead: o.Ahead + sign*other.Ahead, Queued: o.Queued + sign*other.Queued,
		ForNamespace: o.ForNamespace + sign*other.ForNamespace, ForController: o.ForController + sign*other.ForController,
		Waiting: backlog.Held{Runs: o.Waiting.Runs + sign*other.Waiting.Runs, Bytes: o.Waiting.Bytes + int64(sign)*other.Waiting.Bytes},
	}
}

// count replaces an entry's previous share of the counts by the given one.
func (s *shelf) count(e *entry, now Open) {
	s.open = s.open.plus(e.open, -1).plus(now, 1)
	of := s.openOf[e.task].plus(e.open, -1).plus(now, 1)
	if s.openOf[e.task] = of; of == (Open{}) {
		delete(s.openOf, e.task)
	}
	e.open = now
}

// Open counts the executions of a task and of the whole namespace. It takes the same time however many there are.
func (n Namespace) Open(task string) (of, all Open) {
	n.read(func(s *shelf) { of, all = s.openOf[task], s.open })
	return of, all
}
