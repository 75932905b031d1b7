// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"fmt"
	"slices"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

// drainGrace is how long a terminal phase waits for the rest of the log, so that a client that reads "completed" can
// read the whole log. After that, the phase is written first.
const drainGrace = 2 * time.Second

// reportGrace is how long a terminal phase waits for the end of containers whose pod has ended. A busy kubelet may send
// the phase of a pod that it has stopped with the container states from before, and corrects them in its next report.
const reportGrace = 10 * time.Second

// ended keeps a finished run as it is. What remains is to complete its log, to record that a later change of the spec
// was seen, and to remove its Job.
func ended(o *Observation, f facts) (step, bool) {
	status := &o.Execution.Status
	if !status.Phase.IsTerminal() {
		return step{}, false
	}
	s := step{verdict: verdict{status.Phase, status.Reason, status.Message}}
	captured := logsCaptured(o, f).Status != unknown
	if !captured {
		return s, true // the follower notifies us when the log has settled
	}
	s.deleteJob, s.requeue = cleanUp(o)
	s.hold = alreadyCaptured(o) && status.ObservedGeneration == o.Execution.Generation
	return s, true
}

// cleanUp reports whether to delete the Job of a finished run now, or in how long. The log must be final. The Job of a
// stopped run is deleted at once: if it has retries left, it would start another pod. If the template sets a TTL for
// finished Jobs, Kubernetes deletes the Job.
func cleanUp(o *Observation) (now bool, in time.Duration) {
	if o.Job == nil || o.Job.DeletionTimestamp != nil {
		return false, 0
	}
	if wasStopped(o.Execution.Status.Reason) || anyMarked(o) {
		return true, 0
	}
	if o.Job.Spec.TTLSecondsAfterFinished != nil {
		return false, 0
	}
	keep := o.Options.KeepUnarchivedJob
	if s := o.Execution.Status.LogSummary; s != nil && s.Archived && s.Complete {
		keep = o.Options.KeepJob
	}
	if keep == 0 || !alreadyCaptured(o) { // the pending status write causes an event
		return false, 0
	}
	settled := apimeta.FindStatusCondition(o.Execution.Status.Conditions, v1alpha1.ConditionLogsCaptured).LastTransitionTime
	left := settled.Add(keep).Sub(o.Now)
	return left <= 0, max(left, 0)
}

// lost ends a run whose Job somebody deleted. It is never started again: nobody knows what the lost Job did, or whether
// its pods still run.
func lost(o *Observation, f facts) (step, bool) {
	recorded := o.Execution.Status.Job
	if recorded == nil || (o.Job != nil && o.Job.UID == recorded.UID) {
		return step{}, false
	}
	if o.Execution.Spec.Cancel != nil {
		return cancelledWith(o, v1alpha1.ReasonCancelled, cancelMessage(o)+withoutItsJob(o, f)), true
	}
	// Pods may go on without their Job, so do not wait for their logs.
	if reason, ours := stoppedByUs(f); ours {
		return fail(reason, overdue(o, f, reason)+"; its Job was deleted, because "+notConfirmed), true
	}
	if s, is := givenUp(o, f); is { // we deleted it, and could not record it
		return s, true
	}
	return fail(v1alpha1.ReasonJobLost,
		fmt.Sprintf("job %q was deleted before it ended; the run is not started again", recorded.Name)), true
}

// finished ends the run when the Job has completed or failed.
func finished(o *Observation, f facts) (step, bool) {
	switch {
	case jobspec.TrueCondition(o.Job, batchv1.JobComplete) != nil:
		return conclude(o, f, step{verdict: verdict{v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted, quietOutOfMemory(o)}}), true
	case jobspec.TrueCondition(o.Job, batchv1.JobFailed) != nil:
		return conclude(o, f, step{verdict: failure(o, f)}), true
	default:
		return step{}, false
	}
}

// conclude records a terminal phase. If the log is about to be complete, or the end of a container about to be
// reported, it waits for that first.
func conclude(o *Observation, f facts, s step) step {
	var grace time.Duration
	switch {
	case slices.ContainsFunc(o.Pods, func(pod *corev1.Pod) bool { return isHalfReported(pod, f.snapshot.Container) }):
		grace = reportGrace
	case !o.Log.Settled():
		grace = drainGrace
	}
	if left := grace - o.Log.Waited; left > 0 {
		return step{hold: true, requeue: left}
	}
	return s
}

// failure says why the Job failed. The pod gives more detail than the Job, which only counts.
func failure(o *Observation, f facts) verdict {
	v := verdict{phase: v1alpha1.PhaseFailed, reason: v1alpha1.ReasonJobFailed}
	if c := jobspec.TrueCondition(o.Job, batchv1.JobFailed); c != nil {
		v.message = fmt.Sprintf("%s: %s", c.Reason, c.Message)
		if isJobDeadline(c) {
			return jobDeadline(o, f, v)
		}
	}
	decided, _ := decidingFailure(o, f)
	if decided == nil {
		return disruptedBefore(o, v)
	}
	return podFailure(o, f, decided, v)
}

// isDisruption reports whether somebody other than the Job deleted a pod. A Job with one pod at a time never deletes
// another one. Other Jobs delete pods when they have decided.
func isDisruption(job *batchv1.Job, e *podEnd) bool {
	decided := decidedAt(job)
	return onePodAtATime(job) || !decided.IsZero() && e.asked.Before(decided)
}

// podFailure says why a pod failed. It returns v if the pod gives no reason.
func podFailure(o *Observation, f facts, failed *podEnd, v verdict) verdict {
	if failed.byUs != "" {
		v.reason, v.message = failed.byUs, overdue(o, f, failed.byUs)
		return v
	}
	pod := failed.pod
	name, end := howItEnded(o.Job, pod, f.snapshot.Container)
	if reason, message, is := templateLimit(pod); is && !crashed(o.Job, pod) {
		v.reason, v.message = reason, ofIndex(pod)+message
		return v
	}
	if d := disruptionOf(pod); d != (disruption{}) && !crashed(o.Job, pod) && (d != deletedPod || isDisruption(o.Job, failed)) {
		v.reason, v.message = d.reason, fmt.Sprintf("%spod %s was ended by the platform: %s", ofIndex(pod), pod.Name, d.words)
		return v
	}
	if end != nil && end.ExitCode != 0 {
		v.reason = v1alpha1.ReasonNonZeroExit
		v.message = fmt.Sprintf("%scontainer %q ended with exit code %d", ofIndex(pod), name, end.ExitCode)
		if message, is := killedByProbe(o, name, end); is {
			v.reason, v.message = v1alpha1.ReasonProbeFailed, ofIndex(pod)+message
		}
		if message, is := outOfMemory(name, end); is {
			v.reason, v.message = v1alpha1.ReasonOOMKilled, ofIndex(pod)+message
		}
		if message, is := notStarted(o, name, end); is {
			v.reason, v.message = v1alpha1.ReasonContainerNotStarted, ofIndex(pod)+message
		}
	}
	return v
}
