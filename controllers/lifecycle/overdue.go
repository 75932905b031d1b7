// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"cmp"
	"fmt"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// expire stops the run. The phase does not change until the containers have ended.
func expire(o *Observation, f facts, reason string) step {
	s, done, forced := stop(o, f, reason)
	if !done {
		s.hold = true
		return s
	}
	ends := fail(reason, overdue(o, f, reason))
	if d, sure := decidingFailure(o, f); sure && d.byUs == "" && reason == v1alpha1.ReasonDeadlineExceeded {
		ends.verdict = failure(o, f) // it had failed before the clock expired, and its Job was about to say so
	}
	if forced { // nor does the node serve the rest of the log, so do not wait for it
		ends.message += "; " + notConfirmed
		return ends
	}
	return conclude(o, f, ends)
}

// overdue says which clock expired and, if known, what the run waited for.
func overdue(o *Observation, f facts, reason string) string {
	message, why := "the controller ended the pod", lastWaitReason(o, f)
	switch {
	case reason == v1alpha1.ReasonDeadlineExceeded && f.snapshot.Timeout != nil:
		message = fmt.Sprintf("the run took longer than its timeout of %s", f.snapshot.Timeout.Duration)
	case reason == v1alpha1.ReasonStartTimeout && f.snapshot.StartTimeout != nil:
		message = fmt.Sprintf("no container started within %s", f.snapshot.StartTimeout.Duration)
		if !f.started.IsZero() {
			message = fmt.Sprintf("the next container did not start within %s", f.snapshot.StartTimeout.Duration)
		}
	case reason == v1alpha1.ReasonQueueTimeout && f.snapshot.QueueTimeout != nil:
		message = queueOverdue(f)
	case reason == v1alpha1.ReasonStartDeadlineExceeded && o.Execution.Spec.NotAfter != nil:
		message = notAfterOverdue(o)
	case reason == v1alpha1.ReasonImagePullFailed:
		message = fmt.Sprintf("an image could not be pulled for %s", o.Options.ImagePullGrace)
		why = cmp.Or(unpulled(pullingPod(f)), unpulledBefore(o), why)
	}
	if why != "" {
		message += ": " + why
	}
	return message
}
