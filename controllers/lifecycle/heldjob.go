package lifecycle

import (
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

// heldJob lets a run whose Job is suspended wait as Queued: Kueue holds its Jobs so until there is room, and takes the room
// back so (https://kueue.sigs.k8s.io/docs/concepts/workload/). It waits on the queue clock: before anything started from
// its creation, and afterwards from when the Job was suspended.
func heldJob(o *Observation, f facts) (step, bool) {
	if !isQueuedAgain(o, f) && (!jobSuspended(o.Job) || !f.started.IsZero()) {
		return step{}, false
	}
	s := step{
		verdict: verdict{v1alpha1.PhaseQueued, v1alpha1.ReasonJobSuspended, heldMessage(o, f)},
		queue:   &v1alpha1.QueueStatus{BlockedBy: v1alpha1.BlockedByJob},
	}
	if f.limits.QueueTimeout == nil {
		return s, true
	}
	from := o.Execution.CreationTimestamp.Time
	if f.isPaused() {
		from = f.suspension.Since.Time
	}
	if s.requeue = from.Add(f.limits.QueueTimeout.Duration).Sub(o.Now); s.requeue <= 0 {
		return expire(o, f, v1alpha1.ReasonQueueTimeout), true
	}
	return s, true
}

// isQueuedAgain reports whether a run that had started is held, and its Job was not let go since.
func isQueuedAgain(o *Observation, f facts) bool { return f.isPaused() && isHeld(o, f) }

func heldMessage(o *Observation, f facts) string {
	queue := o.Job.Labels[v1alpha1.LabelKueueQueue]
	switch {
	case f.isPaused() && queue != "":
		return fmt.Sprintf("the Job was suspended while it ran, and its pods were deleted: Kueue took back its admission from the queue %q", queue)
	case f.isPaused():
		return "the Job was suspended while it ran, and its pods were deleted: it starts again when it is let go"
	case queue != "":
		return fmt.Sprintf("the Job is suspended: Kueue has not admitted it from the queue %q yet", queue)
	default:
		return "the Job is suspended"
	}
}

func jobSuspended(job *batchv1.Job) bool {
	return job != nil && job.Spec.Suspend != nil && *job.Spec.Suspend
}

// startClockFrom is when the start clock of a Job began: at its creation, or when it was last let go where it
// was suspended; zero while it does not run. The Job controller sets startTime anew when it resumes a Job.
func startClockFrom(job *batchv1.Job) time.Time {
	if jobSuspended(job) || jobspec.TrueCondition(job, batchv1.JobSuspended) != nil {
		return time.Time{} // the Job controller is about to take notice
	}
	for _, c := range job.Status.Conditions {
		if c.Type == batchv1.JobSuspended && c.Status == corev1.ConditionFalse && job.Status.StartTime != nil {
			return job.Status.StartTime.Time
		}
	}
	return job.CreationTimestamp.Time
}
