// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package rules

import "time"

const (
	// Grace is how late the run of a tick may be created before the tick counts as not run.
	Grace = 5 * time.Minute
	// repeat is how long after a message about a hindrance the next one about the same hindrance follows.
	repeat = 24 * time.Hour
)

// Missed are the ticks of a schedule without a run in time, after those that Told is about.
type Missed struct {
	// First and Last are the due times of the first and of the last one. First is zero if there is none.
	First, Last time.Time
	// Reason is why, such as the reason of the schedule's condition Ready. It is one word.
	Reason string
}

// Told is what was sent last about a schedule. It is zero if nothing was.
type Told struct {
	// At is when. Reason is that of the Missed.
	At     time.Time
	Reason string
}

// JudgeTicks reports whether the missed ticks make NotRun now, and if not, after how long to judge again. wait is zero if
// only a change of the schedule can make it. Ticks that are missed for one reason make one message, and one more for each
// day that the reason lasts. goesOn means that the reason holds since Told.
func JudgeTicks(now time.Time, m Missed, t Told, goesOn bool) (due bool, wait time.Duration) {
	if m.First.IsZero() {
		return false, 0
	}
	at := m.First.Add(Grace)
	if goesOn && t.Reason == m.Reason && t.At.Add(repeat).After(at) {
		at = t.At.Add(repeat)
	}
	if at.After(now) {
		return false, at.Sub(now)
	}
	return true, 0
}
