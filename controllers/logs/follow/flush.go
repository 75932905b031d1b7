package follow

import "time"

// timer is a clock's.
type timer interface{ Stop() bool }

// arm has the execution looked at when its unwritten lines are due, unless that is arranged already. The
// lock is held.
func (r *run) arm(now time.Time) {
	if r.flush != nil || r.closed || r.tail.Lines() == r.writtenLines {
		return
	}
	if r.writtenAt.IsZero() {
		r.writtenAt = now // a run that prints one line and ends is written once, with its end
	}
	r.wakeAfter(&r.flush, max(0, r.writtenAt.Add(r.follower.FlushInterval).Sub(now)))
}

// flushed says that the tail was written when it had that many lines.
func (r *run) flushed(lines int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.writtenLines, r.writtenAt = lines, r.follower.Clock.Now()
	r.arm(r.writtenAt)
}

// watchTheEnd begins to lose patience when all containers have ended, and starts anew when another begins: a
// retry. The lock is held.
func (r *run) watchTheEnd(now time.Time, ended bool) {
	switch {
	case !ended:
		r.endedAt = time.Time{}
		stop(&r.deadline)
	case r.endedAt.IsZero():
		r.endedAt = now
		r.wakeAfter(&r.deadline, r.follower.Patience)
	}
}

// wakeAfter has the execution looked at when the time is over. The lock is held.
func (r *run) wakeAfter(t *timer, d time.Duration) {
	stop(t)
	*t = r.follower.Clock.AfterFunc(d, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		*t = nil
		if !r.closed {
			r.follower.Notify(r.key)
		}
	})
}

func stop(t *timer) {
	if *t != nil {
		(*t).Stop()
		*t = nil
	}
}
