// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package machine

import "time"

// maxReminder bounds the wait before a write that failed is tried again.
const maxReminder = 30 * time.Second

// Flushes decides when the tail of one run is written to the API server. A change of phase is written at once and takes the
// tail with it; Flushes is for the time between.
type Flushes struct {
	// least and most time between two writes.
	least, most time.Duration
	// interval is the present one. It grows from least to most while the run goes on printing.
	interval time.Duration
	// writtenLines and writtenAt of the last write, and about how many bytes it took.
	writtenLines int64
	writtenAt    time.Time
	size         int64
	// again is how long the last reminder of a write that is due waited, zero when there was none.
	again time.Duration
	due   bool
}

// NewFlushes returns the Flushes of a run that was never written.
func NewFlushes(least, most time.Duration) Flushes {
	return Flushes{least: least, most: most, interval: least}
}

// Due reports whether the tail should be written now.
func (f *Flushes) Due() bool { return f.due }

// Bytes returns about how many bytes the next write takes, for a tail that holds so many.
func (f *Flushes) Bytes(held int64) int64 { return max(f.size, held) }

// Next returns how long to wait before the budget is asked for a write. needed is false when there is nothing new to write,
// or a write is due already. lines is how many lines the tail has had. It is called when no wait is under way.
func (f *Flushes) Next(now time.Time, lines int64) (wait time.Duration, needed bool) {
	if f.due || lines == f.writtenLines {
		return 0, false
	}
	switch {
	case f.writtenAt.IsZero():
		f.writtenAt = now // a run that prints one line and ends is written once, with its end
	case now.Sub(f.writtenAt) > 2*f.most:
		f.interval = f.least
	}
	return max(0, f.writtenAt.Add(f.interval).Sub(now)), true
}

// Granted makes the write due: the budget has the bytes.
func (f *Flushes) Granted() { f.due = true }

// Remind returns how long to wait before the reconciler is reminded of a write that is due and was not made: it failed, or
// the reading had to catch up first. Each reminder waits twice as long as the one before, so that not every run asks an
// API server that is away at every interval.
func (f *Flushes) Remind() (wait time.Duration, needed bool) {
	if !f.due {
		return 0, false
	}
	f.again = min(max(f.interval, 2*f.again), maxReminder)
	return f.again, true
}

// Written takes note of a write when the tail had so many lines, in a status of size bytes. wasDue reports whether it was
// made because the tail was due, and not with a change of phase.
func (f *Flushes) Written(now time.Time, lines, size int64) (wasDue bool) {
	if wasDue = f.due; wasDue {
		f.interval = min(f.interval*3/2, f.most)
	}
	f.due, f.again, f.writtenLines, f.writtenAt, f.size = false, 0, lines, now, size
	return wasDue
}
