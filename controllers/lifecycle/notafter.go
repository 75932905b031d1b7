// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"fmt"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// notAfterDue returns when a run ends for its notAfter. The clock counts while the run has no Job, and while its Job has
// been suspended since its creation. It stops for good when the Job may create pods: from then on, startTimeout limits
// the wait for a container. Unlike the other clocks, it has no beginning, so it does not matter when the execution was
// created.
func notAfterDue(o *Observation, f facts) (due time.Time) {
	at := o.Execution.Spec.NotAfter
	if at == nil || o.Job != nil && (!jobSuspended(o.Job) || !f.started.IsZero() || !resumedAt(o.Job).IsZero()) {
		return time.Time{}
	}
	return at.Time
}

// tooLate ends a run without a Job after its notAfter.
func tooLate(o *Observation, f facts) (step, bool) {
	if o.Job != nil || !hasExpired(f.clocks.notAfter, o.Now) {
		return step{}, false
	}
	message := notAfterOverdue(o)
	if s := &o.Execution.Status; s.Phase != "" && s.Message != "" {
		message += ": " + s.Message
	}
	return fail(v1alpha1.ReasonStartDeadlineExceeded, message), true
}

// notAfterOverdue says that the clock has expired.
func notAfterOverdue(o *Observation) string {
	return fmt.Sprintf("it had not started by its notAfter, %s", o.Execution.Spec.NotAfter.UTC().Format(time.RFC3339))
}

// beforeNotAfter limits a delay so that a run that waits for its Job is reconciled at its notAfter.
func beforeNotAfter(o *Observation, f facts, requeue time.Duration) time.Duration {
	if o.Job != nil || f.clocks.notAfter.IsZero() || o.Execution.Status.Phase.IsTerminal() {
		return requeue
	}
	return Soonest(requeue, f.clocks.notAfter.Sub(o.Now))
}
