package follow

import "time"

// FlushOptions say how often tails are written to the API server. A change of phase is written at once and takes
// the tail with it; these are for the time between.
type FlushOptions struct {
	// Interval between two writes of one execution's tail, at first. It grows to MaxInterval while the execution
	// goes on printing, and begins anew after a pause.
	Interval, MaxInterval time.Duration
	// BytesPerSecond is the budget of all executions together, in bytes of status. The namespaces that want more than
	// there is have equal parts of it, and what is over a namespace's part waits.
	BytesPerSecond int
}

// maxReminder bounds the wait before a write that failed is tried again for the sake of the tail.
const maxReminder = 30 * time.Second

// timer is a clock's, or a wait for the budget.
type timer interface{ Stop() bool }

// flushes decide when the tail of one run is written. Its methods are called with the run's lock held.
type flushes struct {
	// writtenLines and writtenAt of the last write to status, and about how many bytes it took.
	writtenLines int64
	writtenAt    time.Time
	size         int64
	interval     time.Duration
	// again is how long the last reminder of a write that is due waited, zero when there was none.
	again time.Duration
	// timer for the next write, nil when none is arranged.
	timer timer
	// due: the tail should be written now, and the budget has been asked.
	due bool
}

// arm has the execution looked at when its unwritten lines are due, unless that is arranged already.
func (r *run) arm(now time.Time) {
	f := &r.flushes
	if f.timer != nil || f.due || r.closed || r.tail.Lines() == f.writtenLines {
		return
	}
	options := r.follower.Flush
	switch {
	case f.writtenAt.IsZero():
		f.writtenAt = now // a run that prints one line and ends is written once, with its end
	case now.Sub(f.writtenAt) > 2*options.MaxInterval:
		f.interval = options.Interval
	}
	r.wakeAfter(&f.timer, max(0, f.writtenAt.Add(f.interval).Sub(now)), r.reserve)
}

// reserve takes the next write from the budget, and waits where the budget says so.
func (r *run) reserve() {
	f, follower := &r.flushes, r.follower
	asked := follower.Clock.Now()
	var mine timer
	wait := follower.budget.Take(r.key.Namespace, max(f.size, r.tail.Held()), func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		follower.metrics.delay.Observe(follower.Clock.Now().Sub(asked).Seconds())
		if f.timer != mine || r.closed {
			return // stopped too late
		}
		f.timer = nil
		r.fall()
	})
	if wait == nil {
		follower.metrics.delay.Observe(0)
		r.fall()
		return
	}
	mine = wait
	f.timer = mine
}

// fall makes the write due.
func (r *run) fall() {
	r.flushes.due = true
	r.notify()
}

// remind has the execution looked at again when a write that is due was not made: it failed, or the reading had
// to catch up with an earlier one first. Each reminder waits twice as long as the one before: an API server that is away
// is not asked by every run at every interval.
func (r *run) remind() {
	if f := &r.flushes; f.due && f.timer == nil && !r.closed {
		f.again = min(max(f.interval, 2*f.again), maxReminder)
		r.wakeAfter(&f.timer, f.again, r.notify)
	}
}

// flushed says that the tail was written when it had that many lines, in a status of that many bytes.
func (r *run) flushed(lines, size int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f, follower := &r.flushes, r.follower
	now := follower.Clock.Now()
	cause := causeDue
	if f.due {
		f.interval = min(f.interval*3/2, follower.Flush.MaxInterval)
	} else {
		// A change of phase waits for nobody; the others of its namespace wait for what it took.
		cause = causePhase
		follower.budget.Charge(r.key.Namespace, size)
	}
	follower.metrics.flushed(cause, size)
	stop(&f.timer)
	f.due, f.again, f.writtenLines, f.writtenAt, f.size = false, 0, lines, now, size
	r.arm(now)
}

// tooLarge says that the API server refused the tail for its size.
func (r *run) tooLarge() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tail.Shrink()
}

// wakeAfter calls f, with the lock held, when the time is over.
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
