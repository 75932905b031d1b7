package lifecycle

import (
	"cmp"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// runDeadline ends a run that takes longer than its timeout, counted from the start of its first container
// over all its pods and attempts. Where the Job has all that it waits for, or has decided how it ends, and nothing goes on
// that nobody has told to end, its word is waited for instead: it comes as an event.
func runDeadline(o *Observation, f facts) (step, bool) {
	due, runs := runDue(f)
	if !runs || o.Now.Before(due) {
		return step{}, false
	}
	if (madeIt(o, f) || hasDecided(o.Job)) && !goesOn(f) {
		return step{}, false
	}
	return expire(o, f, v1alpha1.ReasonDeadlineExceeded), true
}

// runDue is when the run clock strikes; runs is false while it does not run.
func runDue(f facts) (due time.Time, runs bool) {
	status := v1alpha1.TaskExecutionStatus{StartTime: &metav1.Time{Time: f.started}, Suspension: f.suspension}
	at, ok := status.Deadline(f.limits.Timeout)
	return at.Time, ok && !f.started.IsZero()
}

// expire stops the run; the phase stays as it is until the containers have ended.
func expire(o *Observation, f facts, reason string) step {
	s, done, forced := stop(o, f, reason)
	if !done {
		s.hold = true
		return s
	}
	ends := fail(reason, overdue(o, f, reason))
	if d, sure := decidingFailure(o, f); sure && d.byUs == "" && reason == v1alpha1.ReasonDeadlineExceeded {
		ends.verdict = failure(o, f) // it had failed before the clock struck, and its Job was about to say so
	}
	if forced { // nor does it give the rest of the log, so that this is not waited for
		ends.message += "; " + notConfirmed
		return ends
	}
	return conclude(o, ends)
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
		why = cmp.Or(unpulled(pullingPod(f)), unpulledBefore(o), why)
	}
	if why != "" {
		message += ": " + why
	}
	return message
}

// nextDeadline is how long until a clock of the run strikes, zero when none is set. It is zero as well after it struck and
// its rule left the word to the Job, which comes as an event: to ask again at once would be to spin.
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
	if due, runs := runDue(f); runs {
		next = max(due.Sub(o.Now), 0)
	}
	if since, waits := waitsToStart(o, f); waits && f.limits.StartTimeout != nil {
		next = soonest(next, max(since.Add(f.limits.StartTimeout.Duration).Sub(o.Now), 0))
	}
	return next
}
