// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"fmt"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// queueDue returns when a run ends for its queueTimeout. The clock counts from its creation or, after it has started,
// from when its Job was suspended. It stops once the API server refuses its Job, because the run had a place then.
func queueDue(o *Observation, f facts) (due time.Time) {
	hadPlace := o.Job == nil && o.Execution.Status.Reason == v1alpha1.ReasonJobRefused && (o.Queue == nil || o.Queue.Granted)
	if f.snapshot.QueueTimeout == nil || hadPlace {
		return time.Time{}
	}
	from := o.Execution.CreationTimestamp.Time
	if f.isPaused() {
		from = f.suspension.Since.Time
	}
	return from.Add(f.snapshot.QueueTimeout.Duration)
}

// queueTimedOut ends a run without a Job that got no place in time.
func queueTimedOut(o *Observation, f facts) (step, bool) {
	if !hasExpired(f.clocks.queue, o.Now) {
		return step{}, false
	}
	message := queueOverdue(f)
	if s := &o.Execution.Status; s.Phase == v1alpha1.PhaseQueued && s.Message != "" {
		message += ": " + s.Message
	}
	return fail(v1alpha1.ReasonQueueTimeout, message), true
}

// queueOverdue says that the queue clock has expired.
func queueOverdue(f facts) string {
	return fmt.Sprintf("it did not leave the queue within its queueTimeout of %s", f.snapshot.QueueTimeout.Duration)
}
