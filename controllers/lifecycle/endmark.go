// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// EndMark returns the value of the annotation that says why and when we ended a pod.
func EndMark(reason string, at time.Time) string {
	return reason + " " + at.UTC().Format(time.RFC3339)
}

// endMark reads from the annotation why and when we ended a pod. ok is false if we did not.
func endMark(pod *corev1.Pod) (reason string, at time.Time, ok bool) {
	reason, stamp, found := strings.Cut(pod.Annotations[v1alpha1.AnnotationEnded], " ")
	if !found {
		return "", time.Time{}, false
	}
	at, err := time.Parse(time.RFC3339, stamp)
	return reason, at, err == nil
}

// endMarked reports whether we ended a pod for a reason.
func endMarked(pod *corev1.Pod, reason string) bool {
	why, _, ok := endMark(pod)
	return ok && why == reason
}

// podEndedByUs returns why we ended a pod, if we did and the kubelet obeyed. A container that had ended before was not
// ended by us.
func podEndedByUs(pod *corev1.Pod) (reason string, ok bool) {
	if pod.Status.Reason != podDeadlineExceeded {
		return "", false
	}
	reason, _, ok = endMark(pod)
	return reason, ok
}

// podDeadlineExceeded is the kubelet's reason on a pod that it ended for its activeDeadlineSeconds.
const podDeadlineExceeded = "DeadlineExceeded"

// endedByUs is podEndedByUs for the newest pod.
func endedByUs(f facts) (reason string, ok bool) {
	if f.last == nil {
		return "", false
	}
	return podEndedByUs(f.last)
}

// anyMarked reports whether we ended any pod of the run.
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

// lastMark returns when we last ended a pod of the run for a reason.
func lastMark(o *Observation, reason string) (at time.Time, marked bool) {
	for _, pod := range o.Pods {
		if why, when, ok := endMark(pod); ok && why == reason {
			at, marked = later(at, when), true
		}
	}
	return at, marked
}

// stoppedByUs returns why we ended a pod whose end is unknown, or else the newest pod. If a node does not answer, we
// delete the Job (see stop), so that a missing Job may be our doing.
func stoppedByUs(f facts) (reason string, ok bool) {
	for _, pod := range f.live {
		if reason, _, ok = endMark(pod); ok && wasStopped(reason) {
			return reason, true
		}
	}
	return endedByUs(f)
}

// wasStopped reports whether we ended the run. Its Job may not know that the run is over.
func wasStopped(reason string) bool {
	switch reason {
	case v1alpha1.ReasonCancelled, v1alpha1.ReasonFinishedWhileCancelling,
		v1alpha1.ReasonDeadlineExceeded, v1alpha1.ReasonStartTimeout,
		v1alpha1.ReasonQueueTimeout, v1alpha1.ReasonStartDeadlineExceeded, v1alpha1.ReasonImagePullFailed:
		return true
	default:
		return false
	}
}
