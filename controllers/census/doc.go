// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package census says which of a Task's executions have a place, which wait for one, and what happens to one more: it
// starts, it waits, or it is refused. The controller's queue and the REST API use the same functions. It is pure.
//
//	StandingOf: one execution ──▶ waiting, active, leaving or ended
//	Take:       executions    ──▶ Census ──▶ Occupancy ┐
//	RulesOf:    a Task        ──▶ Rules ───────────┴──▶ Judge ──▶ Verdict
//
// A status shows less than the queue knows: the queue grants a place before the Job is created, and the status names
// the Job later. So an execution that no controller has seen counts as waiting, and Judge gives it the next free place.
package census
