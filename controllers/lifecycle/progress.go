// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"slices"

	batchv1 "k8s.io/api/batch/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// counting waits while the Job has not yet counted an ended pod. Afterwards it is clear whether the run ended or goes
// on, and one status write covers both. While other pods run, counting may take as long as they do. A Job that counts
// failures for each index counts a failure when it creates the next pod.
func counting(o *Observation, f facts) (step, bool) {
	if len(f.live) > 0 && !onePodAtATime(o.Job) || o.Job.Spec.BackoffLimitPerIndex != nil && !enoughSucceeded(o, f) {
		return step{}, false
	}
	return step{hold: true, requeue: f.clocks.next(o.Now)}, !allCounted(o, f)
}

// allCounted reports whether the Job has counted each ended pod. It never counts a pod that its podFailurePolicy
// ignores. It is done with a pod when it has removed the pod's finalizer and the pod is not in the list of uncounted
// pods (KEP-2307).
func allCounted(o *Observation, f facts) bool {
	if o.Job.Spec.PodFailurePolicy == nil {
		return f.terminated <= int(o.Job.Status.Succeeded+o.Job.Status.Failed)
	}
	uncounted := o.Job.Status.UncountedTerminatedPods
	for _, pod := range o.Pods {
		if !podEnded(pod) {
			continue
		}
		if slices.Contains(pod.Finalizers, batchv1.JobTrackingFinalizer) {
			return false
		}
		if uncounted != nil && (slices.Contains(uncounted.Failed, pod.UID) || slices.Contains(uncounted.Succeeded, pod.UID)) {
			return false
		}
	}
	return true
}

// progress reports the phase of a run that goes on: Pending until a container starts, then Running.
func progress(o *Observation, f facts) (step, bool) {
	s := step{requeue: f.clocks.next(o.Now)}
	if f.waits() {
		s.verdict = verdict{v1alpha1.PhasePending, v1alpha1.ReasonJobCreated, waitingFor(o, f)}
		return s, true
	}
	s.verdict = verdict{v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted, progressText(completionsOf(o))}
	if pod, attempt := retrying(o, f); pod != nil {
		s.reason = v1alpha1.ReasonRetrying
		if s.message != "" {
			s.message += "; "
		}
		s.message += retryingText(pod, attempt)
	}
	s.verdict = withWaitReason(o, f, s.verdict)
	return s, true
}
