// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package follow

import "time"

// FlushOptions say how often tails are written to the API server between two phases. A change of phase is written at
// once, with the tail.
type FlushOptions struct {
	// Interval is the initial interval between two writes of one execution's tail. It grows to MaxInterval while the
	// execution prints, and starts again after a pause.
	Interval, MaxInterval time.Duration
	// BytesPerSecond is the budget of all executions together, in bytes of status. Namespaces that want more than that
	// share it equally, and writes beyond a namespace's share wait.
	BytesPerSecond int
}

// timer is a clock's timer, or a wait for the budget.
type timer interface{ Stop() bool }

// arm schedules the next write of the tail, if one is needed and none is scheduled. The caller holds the lock.
func (r *run) arm(now time.Time) {
	if r.flushTimer != nil || r.closed {
		return
	}
	if wait, needed := r.flushes.Next(now, r.tail.Lines()); needed {
		r.wakeAfter(&r.flushTimer, wait, r.reserve)
	}
}

// reserve takes the next write from the budget, and waits if necessary. The caller holds the lock.
func (r *run) reserve() {
	follower := r.follower
	asked := follower.Clock.Now()
	var mine timer
	wait := follower.budget.Take(r.key.Namespace, r.flushes.Bytes(r.tail.Held()), func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		follower.metrics.delay.Observe(follower.Clock.Now().Sub(asked).Seconds())
		if r.flushTimer != mine || r.closed {
			return // stopped too late
		}
		r.flushTimer = nil
		r.granted()
	})
	if wait == nil {
		follower.metrics.delay.Observe(0)
		r.granted()
		return
	}
	mine = wait
	r.flushTimer = mine
}

func (r *run) granted() {
	r.flushes.Granted()
	r.notify()
}

// remind notifies again if a due write was not made. The caller holds the lock.
func (r *run) remind() {
	if r.flushTimer != nil || r.closed {
		return
	}
	if wait, needed := r.flushes.Remind(); needed {
		r.wakeAfter(&r.flushTimer, wait, r.notify)
	}
}

// flushed records that the tail was written when it had that many lines, in a status of that many bytes.
func (r *run) flushed(lines, size int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.follower.Clock.Now()
	cause := causeDue
	if !r.flushes.Written(now, lines, size) {
		// A change of phase never waits. Other writes of its namespace wait for the bytes that it used.
		cause = causePhase
		r.follower.budget.Charge(r.key.Namespace, size)
	}
	r.follower.metrics.flushed(cause, size)
	r.log.V(2).Info("The tail was written", "cause", cause, "lines", lines, "bytes", size)
	stop(&r.flushTimer)
	r.arm(now)
}

// tooLarge makes the tail smaller, because the API server refused it for its size.
func (r *run) tooLarge() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log.V(1).Info("The status was too large, so the tail keeps less")
	r.tail.Shrink()
}

// wakeAfter calls f after a time, with the lock held.
func (r *run) wakeAfter(t *timer, d time.Duration, f func()) {
	stop(t)
	var mine timer
	mine = r.follower.Clock.AfterFunc(d, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if *t != mine || r.closed {
			return // stopped too late
		}
		*t = nil
		f()
	})
	*t = mine
}

func stop(t *timer) {
	if *t != nil {
		(*t).Stop()
		*t = nil
	}
}
