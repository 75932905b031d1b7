package lifecycle

import (
	"slices"

	batchv1 "k8s.io/api/batch/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// counting waits while the Job has not yet taken notice of a pod that ended. Its next word says whether the
// run ended or goes on, and one status write is enough for both. While other pods run, that may take as long as they do;
// and a Job that counts failures for each index takes notice of one when it makes the next pod.
func counting(o *Observation, f facts) (step, bool) {
	if len(f.live) > 0 && !onePodAtATime(o.Job) || o.Job.Spec.BackoffLimitPerIndex != nil && !madeIt(o, f) {
		return step{}, false
	}
	return step{hold: true, requeue: f.clocks.next(o.Now)}, !allCounted(o, f)
}

// allCounted reports whether the Job has taken notice of each pod that ended. One that its podFailurePolicy ignores
// is never counted; that the Job is through with it shows by its finalizer, which goes, and by the list of those
// whose number is still to be added (KEP-2307).
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

// progress says where a run stands that nothing ends: Pending until a container starts, then Running.
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
	s.verdict = sayingWhy(o, f, s.verdict)
	return s, true
}
