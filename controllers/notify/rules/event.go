// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package rules says which events a run or the ticks of a schedule make now, and when to look again. It is pure.
//
// It looks at the state and not at transitions: a run that failed while nobody looked makes Failed when somebody looks.
// So the same event is found again at each reconcile. The caller knows by the id of the message (package message)
// whether it was sent.
//
//	run.go      the rules in their order
//	ended.go    Failed, FailedInARow, Recovered, Completed, Cancelled, LogIncomplete, and NotRun of a refused run
//	overdue.go  Late and QueuedTooLong, which come while the run goes on
//	notrun.go   NotRun of the ticks of a schedule
package rules

import "slices"

// Event is what a notification is about.
type Event string

// The events.
const (
	// Failed: the run ended in the phase Failed.
	Failed Event = "Failed"
	// FailedInARow: it is the n-th failed run of its Task without a completed one between them. It comes once for each such row.
	FailedInARow Event = "FailedInARow"
	// Recovered: the run completed, and the one that ended before it had failed.
	Recovered Event = "Recovered"
	// Completed: the run completed.
	Completed Event = "Completed"
	// Cancelled: the run was cancelled.
	Cancelled Event = "Cancelled"
	// Late: the run goes on for longer than expected.
	Late Event = "Late"
	// QueuedTooLong: the run has waited for its start for longer than wanted.
	QueuedTooLong Event = "QueuedTooLong"
	// NotRun: the time of a schedule passed without a run, or its run was refused before a container started.
	NotRun Event = "NotRun"
	// LogIncomplete: the log of the ended run lacks lines, and waiting will not bring them.
	LogIncomplete Event = "LogIncomplete"
)

// Events returns all events, in the order of the documentation.
func Events() []Event {
	return []Event{Failed, FailedInARow, Recovered, Completed, Cancelled, Late, QueuedTooLong, NotRun, LogIncomplete}
}

// Known reports whether e is one of Events.
func (e Event) Known() bool { return slices.Contains(Events(), e) }

// Default returns the events of a subscription that names none. Completed and Cancelled are left out, because they are
// what was asked for. FailedInARow is left out, because each of its runs makes Failed.
func Default() []Event {
	return []Event{Failed, Recovered, Late, QueuedTooLong, NotRun, LogIncomplete}
}

// stronger says which events replace another of the same run, for a subscription that asks for both.
var stronger = map[Event][]Event{
	Failed:       {NotRun, FailedInARow},
	FailedInARow: {NotRun},
	Completed:    {Recovered},
}

// AboutTheEnd reports whether an event says how a run ended. A target gets one such event of a run: which one it is
// depends on the runs before, and these may be removed while it is on its way.
func AboutTheEnd(e Event) bool {
	switch e {
	case Late, QueuedTooLong, LogIncomplete:
		return false
	default:
		return true
	}
}

// MaxOfARun is how many events of one run a target gets at most: QueuedTooLong, Late, the end, and LogIncomplete.
const MaxOfARun = 4
