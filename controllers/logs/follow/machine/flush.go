// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package machine

import "time"

// maxReminder bounds the delay before a failed write is tried again.
const maxReminder = 30 * time.Second

// Flushes decides when the tail of one run is written to the API server between two phases. A change of phase is
// written at once, with the tail.
type Flushes struct {
	// least and most are the limits of the time between two writes.
	least, most time.Duration
	// interval is the current one. It grows from least to most while the run prints.
	interval time.Duration
	// writtenLines, writtenAt and size describe the last write. size is approximate, in bytes.
	writtenLines int64
	writtenAt    time.Time
	size         int64
	// again is the delay of the last reminder of a due write, or zero.
	again time.Duration
	due   bool
}

// NewFlushes returns the Flushes of a run that was never written.
func NewFlushes(least, most time.Duration) Flushes {
	return Flushes{least: least, most: most, interval: least}
}

// Due reports whether the tail should be written now.
func (f *Flushes) Due() bool { return f.due }

// Bytes returns about how many bytes the next write takes, for a tail of that many bytes.
func (f *Flushes) Bytes(held int64) int64 { return max(f.size, held) }

// Next returns how long to wait before the write is taken from the budget. needed is false if there is nothing new to
// write, or if a write is due already. lines is the number of lines of the tail so far. Do not call it during a wait.
func (f *Flushes) Next(now time.Time, lines int64) (wait time.Duration, needed bool) {
	if f.due || lines == f.writtenLines {
		return 0, false
	}
	switch {
	case f.writtenAt.IsZero():
		f.writtenAt = now // a run that prints one line and ends is written once, at its end
	case now.Sub(f.writtenAt) > 2*f.most:
		f.interval = f.least
	}
	return max(0, f.writtenAt.Add(f.interval).Sub(now)), true
}

// Granted makes the write due, because the budget has the bytes.
func (f *Flushes) Granted() { f.due = true }

// Remind returns how long to wait before the reconciler is reminded of a due write that was not made. The write failed,
// or the reading had to catch up first. Each reminder waits twice as long as the one before, so that not every run asks
// an unavailable API server at every interval.
func (f *Flushes) Remind() (wait time.Duration, needed bool) {
	if !f.due {
		return 0, false
	}
	f.again = min(max(f.interval, 2*f.again), maxReminder)
	return f.again, true
}

// Written records a write when the tail had that many lines, in a status of size bytes. wasDue reports whether it was
// made because the tail was due, and not with a change of phase.
func (f *Flushes) Written(now time.Time, lines, size int64) (wasDue bool) {
	if wasDue = f.due; wasDue {
		f.interval = min(f.interval*3/2, f.most)
	}
	f.due, f.again, f.writtenLines, f.writtenAt, f.size = false, 0, lines, now, size
	return wasDue
}
