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

// A Job that is suspended after its run has started deletes its pods, and counts none of them as failed (KEP-2232); Kueue
// preempts so. The run waits as Queued. Its run clock stands still from the suspension until a container starts again, its
// start clock begins anew when the Job is let go, and its queue clock when it is suspended. status.suspension keeps the
// account, so that a restart of the controller loses nothing.

// suspensionOf works out the account of a run's suspensions from the one in the status.
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
		// When it began is not known. What had ended by then ended at the latest when the run was suspended.
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

// isHeld reports whether the Job of a run that had started is suspended, and nothing of the run runs.
func isHeld(o *Observation, f facts) bool {
	suspended := jobSuspended(o.Job) || jobspec.TrueCondition(o.Job, batchv1.JobSuspended) != nil
	return suspended && !goesOn(f) && !madeIt(o, f) && !hasDecided(o.Job)
}

// heldSince returns when the Job controller suspended the Job, and now if it has not said so.
func heldSince(o *Observation) time.Time {
	if c := jobspec.TrueCondition(o.Job, batchv1.JobSuspended); c != nil && !c.LastTransitionTime.IsZero() && c.LastTransitionTime.Time.Before(o.Now) {
		return c.LastTransitionTime.Time
	}
	return o.Now
}

// missed reports whether a whole suspension came and went while no controller ran. A Job that was created suspended was let go
// before its run started.
func missed(resumed time.Time, known *metav1.Time, started time.Time) bool {
	return resumed.After(started) && (known == nil || known.Time.Before(resumed))
}

// startedSince returns when a container first started of the pods that were made since then and are to stay, zero if none has. Pods
// from before a suspension have ended or are being deleted.
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

// suspendedMirror marks a pod of the mirror that the suspension of its Job ended.
func suspendedMirror(m *v1alpha1.PodMirror) {
	m.Phase, m.Reason = string(corev1.PodFailed), v1alpha1.ReasonJobSuspended
}
