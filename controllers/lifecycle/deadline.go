package lifecycle

import (
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
	return expire(o, f, v1alpha1.ReasonDeadlineExceeded,
		fmt.Sprintf("the run took longer than its timeout of %s", f.limits.Timeout.Duration)), true
}

// startDeadline ends a run of which no container started in time, counted from the creation of its Job.
func startDeadline(o *Observation, f facts) (step, bool) {
	if f.limits.StartTimeout == nil || !f.started.IsZero() {
		return step{}, false
	}
	if o.Now.Before(o.Job.CreationTimestamp.Add(f.limits.StartTimeout.Duration)) {
		return step{}, false
	}
	message := fmt.Sprintf("no container started within %s", f.limits.StartTimeout.Duration)
	if why := waitingFor(o, f); why != "" {
		message += ": " + why
	}
	return expire(o, f, v1alpha1.ReasonStartTimeout, message), true
}

// expire stops the run; the phase stays as it is until the containers have ended.
func expire(o *Observation, f facts, reason, message string) step {
	s, done, forced := stop(o, f, reason)
	if !done {
		s.hold = true
		return s
	}
	if forced {
		message += "; its node did not confirm that the container ended"
	}
	return conclude(o, fail(reason, message))
}

// nextDeadline is how long until a clock of the run strikes, zero when none is set.
func nextDeadline(o *Observation, f facts) time.Duration {
	switch {
	case !f.started.IsZero() && f.limits.Timeout != nil:
		return max(f.started.Add(f.limits.Timeout.Duration).Sub(o.Now), time.Millisecond)
	case f.started.IsZero() && f.limits.StartTimeout != nil:
		return max(o.Job.CreationTimestamp.Add(f.limits.StartTimeout.Duration).Sub(o.Now), time.Millisecond)
	default:
		return 0
	}
}
