package lifecycle

import (
	"cmp"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// runDeadline ends a run that takes longer than its timeout, counted from the start of its first container
// over all attempts.
func runDeadline(o *Observation, f facts) (step, bool) {
	if f.limits.Timeout == nil || f.started.IsZero() {
		return step{}, false
	}
	if o.Now.Before(f.started.Add(f.limits.Timeout.Duration)) {
		return step{}, false
	}
	if f.last != nil && f.last.Status.Phase == corev1.PodSucceeded {
		return step{}, false // it made it; the Job is about to say so
	}
	return expire(o, f, v1alpha1.ReasonDeadlineExceeded), true
}

// expire stops the run; the phase stays as it is until the containers have ended.
func expire(o *Observation, f facts, reason string) step {
	s, done, forced := stop(o, f, reason)
	if !done {
		s.hold = true
		return s
	}
	message := overdue(o, f, reason)
	if forced { // nor does it give the rest of the log, so that this is not waited for
		return fail(reason, message+"; "+notConfirmed)
	}
	return conclude(o, fail(reason, message))
}

// overdue says which clock struck, and what was last known of what the run waited for.
func overdue(o *Observation, f facts, reason string) string {
	message, why := "the controller ended the pod", lastWord(o, f)
	switch {
	case reason == v1alpha1.ReasonDeadlineExceeded && f.limits.Timeout != nil:
		message = fmt.Sprintf("the run took longer than its timeout of %s", f.limits.Timeout.Duration)
	case reason == v1alpha1.ReasonStartTimeout && f.limits.StartTimeout != nil:
		message = fmt.Sprintf("no container started within %s", f.limits.StartTimeout.Duration)
		if !f.started.IsZero() {
			message = fmt.Sprintf("the next container did not start within %s", f.limits.StartTimeout.Duration)
		}
	case reason == v1alpha1.ReasonQueueTimeout && f.limits.QueueTimeout != nil:
		message = fmt.Sprintf("it was not its turn within the queueTimeout of %s", f.limits.QueueTimeout.Duration)
	case reason == v1alpha1.ReasonImagePullFailed:
		message = fmt.Sprintf("an image could not be pulled for %s", o.Options.ImagePullGrace)
		why = cmp.Or(unpulled(f.last), unpulledBefore(o), why)
	}
	if why != "" {
		message += ": " + why
	}
	return message
}

// nextDeadline is how long until a clock of the run strikes, zero when none is set.
func nextDeadline(o *Observation, f facts) time.Duration {
	next := nextOfRun(o, f)
	if left, troubled := imagePullLeft(o, f); troubled {
		next = soonest(next, max(left, time.Millisecond))
	}
	if pod, left := awaitedFromNodes(o, f); pod != nil {
		next = soonest(next, max(left, time.Millisecond))
	}
	return next
}

func nextOfRun(o *Observation, f facts) (next time.Duration) {
	if !f.started.IsZero() && f.limits.Timeout != nil {
		next = max(f.started.Add(f.limits.Timeout.Duration).Sub(o.Now), time.Millisecond)
	}
	if since, waits := waitsToStart(o, f); waits && f.limits.StartTimeout != nil {
		next = soonest(next, max(since.Add(f.limits.StartTimeout.Duration).Sub(o.Now), time.Millisecond))
	}
	return next
}
