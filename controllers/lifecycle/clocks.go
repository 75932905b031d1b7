// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// clocks are the time limits of a run: when each strikes, and the zero time while it stands still. Each has a file that says
// from when it counts.
type clocks struct {
	// node: its nodes do not confirm the end of pods that were deleted (nodelost.go).
	node time.Time
	// queue: it waits for a place, or for its Job to be let go. The limit is its queueTimeout (queueclock.go).
	queue time.Time
	// image: an image cannot be pulled. The limit is the operator's grace (imagepull.go).
	image time.Time
	// run: it takes long. The limit is its timeout (runclock.go).
	run time.Time
	// start: it waits for a container to start. The limit is its startTimeout (startclock.go).
	start time.Time
}

// clocksOf reads the clocks of a run from what is known of its Job and pods. While its Job is held, only the queue clock
// counts, and the one of its nodes.
func clocksOf(o *Observation, f facts) (c clocks) {
	if pod, due := awaitedFromNodes(f); pod != nil {
		c.node = due
	}
	if o.Job == nil || isJobHeld(o, f) {
		c.queue = queueDue(o, f)
		return c
	}
	c.image, _ = imageDue(o, f)
	c.run = runDue(o, f)
	c.start = startDue(o, f)
	return c
}

// hasStruck reports whether a clock has struck.
func hasStruck(due, now time.Time) bool { return !due.IsZero() && !now.Before(due) }

// struck returns the reason with which a run ends whose clock has struck, empty if none has. The clock of the nodes has
// rules of its own. The run clock goes before the start clock: a run that has started has passed the latter.
func (c clocks) struck(now time.Time) (reason string) {
	for _, clock := range []struct {
		due    time.Time
		reason string
	}{
		{c.queue, v1alpha1.ReasonQueueTimeout},
		{c.image, v1alpha1.ReasonImagePullFailed},
		{c.run, v1alpha1.ReasonDeadlineExceeded},
		{c.start, v1alpha1.ReasonStartTimeout},
	} {
		if hasStruck(clock.due, now) {
			return clock.reason
		}
	}
	return ""
}

// next is how long until a clock strikes, zero if none will. It leaves out those that have struck: what follows comes as an
// event, and to reconcile again at once would be to spin.
func (c clocks) next(now time.Time) (in time.Duration) {
	for _, due := range []time.Time{c.node, c.queue, c.image, c.run, c.start} {
		if !due.IsZero() {
			in = Soonest(in, max(due.Sub(now), 0))
		}
	}
	return in
}

// timedOut ends a run of which a clock has struck.
func timedOut(o *Observation, f facts) (step, bool) {
	reason := f.clocks.struck(o.Now)
	if reason == "" {
		return step{}, false
	}
	return expire(o, f, reason), true
}
