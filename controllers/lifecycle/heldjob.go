package lifecycle

import (
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

// heldJob lets a run whose Job is suspended before anything started wait as Queued: Kueue holds its Jobs so
// until there is room (https://kueue.sigs.k8s.io/docs/concepts/workload/). It waits on the queue clock.
func heldJob(o *Observation, f facts) (step, bool) {
	if !jobSuspended(o.Job) || !f.started.IsZero() {
		return step{}, false
	}
	s := step{
		verdict: verdict{v1alpha1.PhaseQueued, v1alpha1.ReasonJobSuspended, "the Job is suspended"},
		queue:   &v1alpha1.QueueStatus{BlockedBy: v1alpha1.BlockedByJob},
	}
	if queue := o.Job.Labels[v1alpha1.LabelKueueQueue]; queue != "" {
		s.message = fmt.Sprintf("the Job is suspended: Kueue has not admitted it from the queue %q yet", queue)
	}
	if f.limits.QueueTimeout == nil {
		return s, true
	}
	if s.requeue = o.Execution.CreationTimestamp.Add(f.limits.QueueTimeout.Duration).Sub(o.Now); s.requeue <= 0 {
		return expire(o, f, v1alpha1.ReasonQueueTimeout), true
	}
	return s, true
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
