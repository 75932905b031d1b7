// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

// When a Job is suspended after its run has started, its controller deletes the pods and counts none of them as failed
// (KEP-2232). Kueue preempts Jobs in this way. The run waits as Queued. Its run clock stops until a container starts
// again. Its start clock begins again when the Job is resumed, and its queue clock when it is suspended.
// status.suspension records this, so that a restart of the controller loses nothing.

// suspensionOf computes a run's suspensions from the record in the status.
func suspensionOf(o *Observation, f facts) *v1alpha1.Suspension {
	was := o.Execution.Status.Suspension
	if f.started.IsZero() || o.Job == nil || o.Execution.Status.Phase.IsTerminal() || JobFinished(o.Job) {
		return was
	}
	is := v1alpha1.Suspension{}
	if was != nil {
		is = *was
	}
	if isHeld(o, f) {
		if is.Since == nil {
			is.Since = &metav1.Time{Time: heldSince(o)}
		}
		return &is
	}
	resumed := resumedAt(o.Job)
	if is.Since == nil && missed(resumed, is.Resumed, f.started) {
		// The beginning is unknown. Use the last end before the Job was resumed: no container ended after the
		// suspension.
		is.Since = &metav1.Time{Time: later(f.started, f.endedBefore(resumed))}
	}
	if is.Since == nil {
		return was
	}
	if again := startedSince(o, is.Since.Time); !again.IsZero() {
		is.Total.Duration += max(0, again.Sub(is.Since.Time))
		is.Since, is.Resumed = nil, nil
		if !resumed.IsZero() {
			is.Resumed = &metav1.Time{Time: resumed}
		}
	}
	return &is
}

// isHeld reports whether the Job of a started run is suspended, and none of its containers runs.
func isHeld(o *Observation, f facts) bool {
	suspended := jobSuspended(o.Job) || jobspec.TrueCondition(o.Job, batchv1.JobSuspended) != nil
	return suspended && !goesOn(f) && !enoughSucceeded(o, f) && !hasDecided(o.Job)
}

// heldSince returns when the Job controller suspended the Job, or now if that is not reported yet.
func heldSince(o *Observation) time.Time {
	if c := jobspec.TrueCondition(o.Job, batchv1.JobSuspended); c != nil && !c.LastTransitionTime.IsZero() && c.LastTransitionTime.Time.Before(o.Now) {
		return c.LastTransitionTime.Time
	}
	return o.Now
}

// missed reports whether a whole suspension passed while no controller ran. A Job that was created suspended was
// resumed before its run started.
func missed(resumed time.Time, known *metav1.Time, started time.Time) bool {
	return resumed.After(started) && (known == nil || known.Time.Before(resumed))
}

// startedSince returns when a container first started, among pods that were created since then and are not being
// deleted, or zero. Pods from before a suspension have ended or are being deleted.
func startedSince(o *Observation, since time.Time) (first time.Time) {
	for _, pod := range o.Pods {
		if pod.DeletionTimestamp != nil || podEnded(pod) && pod.CreationTimestamp.Time.Before(since) {
			continue
		}
		if from, _ := containerTimes(pod); !from.IsZero() {
			first = earlier(first, from)
		}
	}
	return first
}

// suspendedMirror marks a mirrored pod that ended because its Job was suspended.
func suspendedMirror(m *v1alpha1.PodMirror) {
	m.Phase, m.Reason = string(corev1.PodFailed), v1alpha1.ReasonJobSuspended
}
