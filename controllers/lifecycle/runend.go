// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// endOfRun returns when the last container of a run ended. If nobody saw that, it is when the Job ended, or now.
func endOfRun(o *Observation, f facts, status *v1alpha1.TaskExecutionStatus) time.Time {
	end, unseen := f.ended, len(f.live) > 0
	for i := range status.Pods {
		m := &status.Pods[i]
		switch {
		case m.FinishTime != nil && m.FinishTime.After(end):
			end = m.FinishTime.Time
		case m.FinishTime == nil && m.StartTime != nil && m.Reason != v1alpha1.ReasonJobSuspended:
			// If there is one pod at a time, a pod had ended when the next one started.
			unseen = unseen || i == len(status.Pods)-1 || !onePodAtATime(o.Job)
		}
	}
	switch {
	case len(f.live) > 0 || end.IsZero():
		return o.Now
	case !unseen:
		return end
	}
	if at := finishedAt(o.Job); !at.IsZero() {
		return later(end, at)
	}
	return later(end, o.Now)
}

// settleMirror marks no pod of a finished or suspended run as running.
func settleMirror(o *Observation, f facts, status *v1alpha1.TaskExecutionStatus) {
	for i := range status.Pods {
		m := &status.Pods[i]
		pod := seenPod(o, m)
		ended := m.Phase == string(corev1.PodSucceeded) || m.Phase == string(corev1.PodFailed)
		switch {
		case f.isPaused() && pod == nil && !ended,
			f.isPaused() && pod != nil && podEnded(pod) && disruptionOf(pod) == deletedPod:
			suspendedMirror(m)
		case status.Phase.IsTerminal() && !ended:
			m.Phase = string(corev1.PodUnknown)
		}
	}
}

// seenPod returns the pod of a mirror, or nil if it is gone.
func seenPod(o *Observation, m *v1alpha1.PodMirror) *corev1.Pod {
	for _, pod := range o.Pods {
		if pod.UID == m.UID {
			return pod
		}
	}
	return nil
}

// notBeforeStop moves the end of a stopped run to when we began to stop it, if its last container had ended before. A
// run that waits for its next container or attempt goes on until then. A node with a slow clock does not move the end
// before the cancel either.
func notBeforeStop(o *Observation, status *v1alpha1.TaskExecutionStatus, end time.Time) time.Time {
	if !wasStopped(status.Reason) || status.Reason == v1alpha1.ReasonFinishedWhileCancelling {
		return end
	}
	began := o.Now // if no pod had to be told
	if at := finishedAt(o.Job); !at.IsZero() {
		began = at // its Job ended it
	}
	if at, marked := lastMark(o, status.Reason); marked && status.Phase != v1alpha1.PhaseCancelled {
		began = at
	}
	if c := status.Cancellation; c != nil {
		began = c.AcknowledgedTime.Time
	}
	return later(end, began)
}
