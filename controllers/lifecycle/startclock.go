// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

// waitsToStart returns since when nothing of a run runs because a container must still start. The start clock counts
// this time, with or without a timeout:
//
//   - before the first start, and before the first start after a suspension: from the creation of the Job, or from when
//     the Job was resumed;
//   - after an init container has ended: until the next container starts;
//   - after an attempt has failed: from the creation of the next pod, or from when that pod was refused.
//
// The clock stops while an init container or a container of the task runs, because the timeout limits those. It also
// stops while a container waits to be restarted in place: the template asks for that, and the Job's backoffLimit limits
// it. A sidecar (KEP-753) runs beside the others and stops no clock.
func waitsToStart(o *Observation, f facts) (since time.Time, waits bool) {
	from := startClockFrom(o.Job)
	switch {
	case from.IsZero():
		return time.Time{}, false
	case f.waits():
		return from, true
	case len(f.live) == 0:
		return o.PodsRefusedSince, o.PodsRefused != "" && !o.PodsRefusedSince.IsZero()
	}
	since = later(from, f.started)
	for _, pod := range f.live {
		podSince, podWaits := podWaitsToStart(pod)
		if !podWaits {
			return time.Time{}, false
		}
		since = later(since, podSince)
	}
	return since, true
}

// podWaitsToStart is waitsToStart for one pod that has not ended.
func podWaitsToStart(pod *corev1.Pod) (since time.Time, waits bool) {
	since, waits = pod.CreationTimestamp.Time, true
	told := false
	for _, s := range containersOf(pod) {
		if jobspec.IsSidecar(pod, s.Name) {
			continue
		}
		if !told {
			told, waits = true, false
		}
		before := s.LastTerminationState.Terminated
		switch {
		case s.State.Running != nil, s.State.Waiting != nil && hasRun(before):
			return time.Time{}, false
		case hasRun(s.State.Terminated):
			since = later(since, s.State.Terminated.FinishedAt.Time)
		case s.State.Terminated == nil:
			waits = true
		}
	}
	return since, waits
}

// startDue returns when a run ends for its startTimeout. If the kubelet has ended its pod for that, the clock has
// expired: the Job may have retries left, and would start another pod.
func startDue(o *Observation, f facts) (due time.Time) {
	if f.snapshot.StartTimeout == nil {
		return time.Time{}
	}
	if reason, byUs := endedByUs(f); byUs && reason == v1alpha1.ReasonStartTimeout && len(f.live) == 0 {
		return o.Now
	}
	since, waits := waitsToStart(o, f)
	if !waits {
		return time.Time{}
	}
	return since.Add(f.snapshot.StartTimeout.Duration)
}

// startClockFrom returns when the start clock of a Job began: at its creation or, if it was suspended, when it was last
// resumed. It is zero while the clock is stopped. The Job controller sets startTime again when it resumes a Job.
func startClockFrom(job *batchv1.Job) time.Time {
	if jobSuspended(job) || jobspec.TrueCondition(job, batchv1.JobSuspended) != nil {
		return time.Time{} // the Job controller has not noticed yet
	}
	for _, c := range job.Status.Conditions {
		if c.Type == batchv1.JobSuspended && c.Status == corev1.ConditionFalse && job.Status.StartTime != nil {
			return job.Status.StartTime.Time
		}
	}
	return job.CreationTimestamp.Time
}
