package lifecycle

import (
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// drainGrace is how long a terminal phase waits for the rest of the log, so that who reads "completed" reads
// the whole log with it. After it, the phase is written and the log follows.
const drainGrace = 2 * time.Second

// ended keeps a finished run as it is. What remains is to complete its log, and to remove the Job of a run
// that was stopped, once its log is read: a Job that has retries left would start another pod.
func ended(o *Observation, f facts) (step, bool) {
	status := &o.Execution.Status
	if !status.Phase.IsTerminal() {
		return step{}, false
	}
	s := step{verdict: verdict{status.Phase, status.Reason, status.Message}}
	captured := logsCaptured(o, f).Status != unknown
	if !captured {
		return s, true // the follower tells when it has settled
	}
	s.deleteJob = o.Job != nil && o.Job.DeletionTimestamp == nil && wasStopped(status.Reason)
	s.hold = !s.deleteJob && alreadyCaptured(o)
	return s, true
}

// wasStopped tells whether we ended the run, so that its Job may not know that it is over.
func wasStopped(reason string) bool {
	switch reason {
	case v1alpha1.ReasonCancelled, v1alpha1.ReasonFinishedWhileCancelling,
		v1alpha1.ReasonDeadlineExceeded, v1alpha1.ReasonStartTimeout:
		return true
	default:
		return false
	}
}

// lost ends a run whose Job was deleted by somebody. It is never started again: what the lost Job did, and
// whether it does it still, cannot be known.
func lost(o *Observation, _ facts) (step, bool) {
	recorded := o.Execution.Status.Job
	if recorded == nil || (o.Job != nil && o.Job.UID == recorded.UID) {
		return step{}, false
	}
	if o.Execution.Spec.Cancel != nil {
		return conclude(o, cancelledWith(o, v1alpha1.ReasonCancelled, cancelMessage(o)+"; its Job was already deleted")), true
	}
	return conclude(o, fail(v1alpha1.ReasonJobLost,
		fmt.Sprintf("job %q was deleted before it ended; the run is not started again", recorded.Name))), true
}

// finished takes the Job's own word for the end of the run.
func finished(o *Observation, f facts) (step, bool) {
	switch {
	case jobCondition(o.Job, batchv1.JobComplete) != nil:
		return conclude(o, step{verdict: verdict{v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted, ""}}), true
	case jobCondition(o.Job, batchv1.JobFailed) != nil:
		return conclude(o, step{verdict: failure(o, f)}), true
	default:
		return step{}, false
	}
}

// conclude records a terminal phase, after the log if that is about to be whole.
func conclude(o *Observation, s step) step {
	if !o.Log.Settled() && o.Log.Waited < drainGrace {
		return step{hold: true, requeue: drainGrace - o.Log.Waited}
	}
	return s
}

// failure says why the Job failed. The pod's word goes before the Job's, which only counts.
func failure(o *Observation, f facts) verdict {
	v := verdict{phase: v1alpha1.PhaseFailed, reason: v1alpha1.ReasonJobFailed}
	if c := jobCondition(o.Job, batchv1.JobFailed); c != nil {
		v.message = fmt.Sprintf("%s: %s", c.Reason, c.Message)
		if c.Reason == batchv1.JobReasonDeadlineExceeded {
			v.reason = v1alpha1.ReasonDeadlineExceeded
			return v
		}
	}
	if f.last == nil {
		return v
	}
	if reason, byUs := endedByUs(f); byUs {
		v.reason, v.message = reason, "the controller ended the pod"
		return v
	}
	if disrupted(f.last) {
		v.reason = v1alpha1.ReasonDisrupted
		v.message = fmt.Sprintf("pod %s was ended by the platform: %s", f.last.Name, podReason(f.last, f.limits.Container))
		return v
	}
	if t := decisive(f.last, f.limits.Container); t != nil && t.state.ExitCode != 0 {
		v.reason = v1alpha1.ReasonNonZeroExit
		v.message = fmt.Sprintf("container %q ended with exit code %d", t.container, t.state.ExitCode)
		if t.state.Reason == v1alpha1.ReasonOOMKilled {
			v.reason = v1alpha1.ReasonOOMKilled
			v.message = fmt.Sprintf("container %q was killed for using more memory than its limit", t.container)
		}
	}
	return v
}

// disrupted tells whether the platform, not the program, ended the pod (KEP-3329).
func disrupted(pod *corev1.Pod) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.DisruptionTarget && c.Status == corev1.ConditionTrue {
			return true
		}
	}
	return pod.Status.Reason == "Evicted" || pod.Status.Reason == "NodeLost"
}
