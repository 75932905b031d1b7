// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package census says who of a Task's executions has a place, who waits for one, and what happens to one more: it starts,
// it waits, or it is refused. The controller's queue and the REST API judge by the same functions. It is pure.
//
//	StandingOf: one execution ──▶ waiting, active, leaving or ended
//	Take:       executions    ──▶ Census ──▶ Crowd ┐
//	RulesOf:    a Task        ──▶ Rules ───────────┴──▶ Judge ──▶ Verdict
//
// A status shows less than the queue knows: the queue gives a place before it makes the Job, and the status names the Job
// later. So an execution that no controller has seen counts as one that waits, and Judge gives it the next free place.
package census
