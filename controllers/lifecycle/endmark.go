package lifecycle

import (
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// EndMark is the value of the annotation that says that we ended a pod.
func EndMark(reason string, at time.Time) string {
	return reason + " " + at.UTC().Format(time.RFC3339)
}

// endMark reads why and when we ended a pod, from the annotation; ok is false when we did not.
func endMark(pod *corev1.Pod) (reason string, at time.Time, ok bool) {
	reason, stamp, found := strings.Cut(pod.Annotations[v1alpha1.AnnotationEnded], " ")
	if !found {
		return "", time.Time{}, false
	}
	at, err := time.Parse(time.RFC3339, stamp)
	return reason, at, err == nil
}

// endMarked reports whether we ended a pod for that reason.
func endMarked(pod *corev1.Pod, reason string) bool {
	why, _, ok := endMark(pod)
	return ok && why == reason
}

// podEndedByUs returns why we ended a pod, if we did and the kubelet did as it was told. A container that had ended by itself
// before then was not ended by us.
func podEndedByUs(pod *corev1.Pod) (reason string, ok bool) {
	if pod.Status.Reason != podDeadlineExceeded {
		return "", false
	}
	reason, _, ok = endMark(pod)
	return reason, ok
}

// podDeadlineExceeded is the kubelet's reason on a pod that it ended for its activeDeadlineSeconds.
const podDeadlineExceeded = "DeadlineExceeded"

// endedByUs returns why we ended the newest pod, if we did and the kubelet did as it was told.
func endedByUs(f facts) (reason string, ok bool) {
	if f.last == nil {
		return "", false
	}
	return podEndedByUs(f.last)
}

// anyMarked reports whether we told a pod of the run to end.
func anyMarked(o *Observation) bool {
	return slices.ContainsFunc(o.Pods, func(pod *corev1.Pod) bool {
		_, _, marked := endMark(pod)
		return marked
	})
}

func anyEndedByUs(o *Observation) bool {
	return slices.ContainsFunc(o.Pods, func(pod *corev1.Pod) bool {
		_, byUs := podEndedByUs(pod)
		return byUs
	})
}

// lastMark is when we last ended a pod of the run for that reason.
func lastMark(o *Observation, reason string) (at time.Time, marked bool) {
	for _, pod := range o.Pods {
		if why, when, ok := endMark(pod); ok && why == reason {
			at, marked = later(at, when), true
		}
	}
	return at, marked
}

// stoppedByUs returns why we ended a pod of which no end is known, or else the newest. Where a node does not obey, we delete the Job
// (stop): that it is missing then is our own doing.
func stoppedByUs(f facts) (reason string, ok bool) {
	for _, pod := range f.live {
		if reason, _, ok = endMark(pod); ok && wasStopped(reason) {
			return reason, true
		}
	}
	return endedByUs(f)
}

// wasStopped reports whether we ended the run, so that its Job may not know that it is over.
func wasStopped(reason string) bool {
	switch reason {
	case v1alpha1.ReasonCancelled, v1alpha1.ReasonFinishedWhileCancelling,
		v1alpha1.ReasonDeadlineExceeded, v1alpha1.ReasonStartTimeout,
		v1alpha1.ReasonQueueTimeout, v1alpha1.ReasonImagePullFailed:
		return true
	default:
		return false
	}
}
