package lifecycle

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// counting waits while the Job has not yet taken notice of a pod that ended. Its next word says whether the
// run ended or goes on, and one status write is enough for both.
func counting(o *Observation, f facts) (step, bool) {
	counted := int(o.Job.Status.Succeeded + o.Job.Status.Failed)
	return step{hold: true, requeue: nextDeadline(o, f)}, f.terminated > counted
}

// progress says where a run stands that nothing ends: Pending until a container starts, then Running.
func progress(o *Observation, f facts) (step, bool) {
	s := step{requeue: nextDeadline(o, f)}
	if f.started.IsZero() {
		s.verdict = verdict{v1alpha1.PhasePending, v1alpha1.ReasonJobCreated, waitingFor(o, f)}
		return s, true
	}
	s.verdict = verdict{v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted, ""}
	if f.terminated > 0 && (len(f.live) == 0 || f.last.Status.Phase == corev1.PodPending) {
		s.reason = v1alpha1.ReasonRetrying
		s.message = fmt.Sprintf("attempt %d failed; the Job makes another", f.terminated)
	}
	return s, true
}

// waitingFor says what keeps the newest pod from starting, empty when it is only a matter of moments.
// Kubernetes flips between ErrImagePull and ImagePullBackOff for one trouble; both read as the latter, so
// that waiting costs one status write.
func waitingFor(o *Observation, f facts) string {
	if o.Job.Spec.Suspend != nil && *o.Job.Spec.Suspend {
		return "the Job is suspended"
	}
	if f.last == nil {
		return ""
	}
	for _, c := range f.last.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && c.Message != "" {
			return fmt.Sprintf("%s: %s", c.Reason, c.Message)
		}
	}
	for _, statuses := range [][]corev1.ContainerStatus{f.last.Status.InitContainerStatuses, f.last.Status.ContainerStatuses} {
		for _, s := range statuses {
			if w := s.State.Waiting; w != nil {
				switch w.Reason {
				case "", "ContainerCreating", "PodInitializing":
				case "ErrImagePull", "ImagePullBackOff":
					return fmt.Sprintf("ImagePullBackOff: image %q of container %q cannot be pulled", s.Image, s.Name)
				default:
					return fmt.Sprintf("%s: container %q: %s", w.Reason, s.Name, w.Message)
				}
			}
		}
	}
	return ""
}
