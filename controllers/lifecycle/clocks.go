// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// clocks are the time limits of a run: when each expires, or the zero time while it is stopped. The file of each says
// when it starts.
type clocks struct {
	// node limits the wait for nodes to confirm the end of deleted pods (nodelost.go).
	node time.Time
	// queue limits the wait for a place, or for the Job to be resumed, by the queueTimeout (queueclock.go).
	queue time.Time
	// notAfter is the last moment to start (notafter.go).
	notAfter time.Time
	// image limits how long an image may fail to be pulled, by the operator's grace (imagepull.go).
	image time.Time
	// run limits the run by its timeout (runclock.go).
	run time.Time
	// start limits the wait for a container to start, by the startTimeout (startclock.go).
	start time.Time
}

// clocksOf computes the clocks of a run from its Job and pods. While its Job is suspended, only the queue clock, the
// node clock and notAfter count.
func clocksOf(o *Observation, f facts) (c clocks) {
	if pod, due := awaitedFromNodes(f); pod != nil {
		c.node = due
	}
	c.notAfter = notAfterDue(o, f)
	if o.Job == nil || isJobHeld(o, f) {
		c.queue = queueDue(o, f)
		return c
	}
	c.image, _ = imageDue(o, f)
	c.run = runDue(o, f)
	c.start = startDue(o, f)
	return c
}

// hasExpired reports whether a clock has expired.
func hasExpired(due, now time.Time) bool { return !due.IsZero() && !now.Before(due) }

// expired returns the reason with which a run ends because a clock has expired, or empty. The node clock has its own
// rules. The run clock comes before the start clock, because a run that has started has passed the latter.
func (c clocks) expired(now time.Time) (reason string) {
	for _, clock := range []struct {
		due    time.Time
		reason string
	}{
		{c.queue, v1alpha1.ReasonQueueTimeout},
		{c.notAfter, v1alpha1.ReasonStartDeadlineExceeded},
		{c.image, v1alpha1.ReasonImagePullFailed},
		{c.run, v1alpha1.ReasonDeadlineExceeded},
		{c.start, v1alpha1.ReasonStartTimeout},
	} {
		if hasExpired(clock.due, now) {
			return clock.reason
		}
	}
	return ""
}

// next returns how long until a clock expires, or zero if none will. It skips clocks that have expired: what follows
// comes as an event, and an immediate requeue would spin.
func (c clocks) next(now time.Time) (in time.Duration) {
	for _, due := range []time.Time{c.node, c.queue, c.notAfter, c.image, c.run, c.start} {
		if !due.IsZero() {
			in = Soonest(in, max(due.Sub(now), 0))
		}
	}
	return in
}

// timedOut ends a run if one of its clocks has expired.
func timedOut(o *Observation, f facts) (step, bool) {
	reason := f.clocks.expired(o.Now)
	if reason == "" {
		return step{}, false
	}
	return expire(o, f, reason), true
}
