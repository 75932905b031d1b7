// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"fmt"
	"strings"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// waitForStart makes a run wait for what its Job needs, until the start clock of that wait expires. There is no Job
// yet, so the clock counts from when the wait for that reason began. The condition Startable records this, also over a
// restart of the controller. So a run that was in the queue for long does not fail at once when its Task is deleted and
// created again.
func waitForStart(o *Observation, f facts, reason, message string) step {
	limit := o.Options.StartTimeout
	if f.snapshot.StartTimeout != nil {
		limit = f.snapshot.StartTimeout.Duration
	}
	left := waitingSince(o, reason).Add(limit).Sub(o.Now)
	if left <= 0 {
		return fail(reason, fmt.Sprintf("%s; waited %s", strings.TrimSuffix(message, "."), limit))
	}
	s := step{verdict: verdict{v1alpha1.PhasePending, reason, message}, requeue: left}
	if old := &o.Execution.Status; old.Phase == v1alpha1.PhaseQueued && !hasPlace(o) {
		s.phase, s.queue = v1alpha1.PhaseQueued, old.Queue // it keeps its place
	}
	switch reason {
	case v1alpha1.ReasonJobRefused:
		s.requeue = min(left, refusedRetry)
	case v1alpha1.ReasonSecretNotFound:
		s.requeue = min(left, secretRetry)
	}
	return s
}

func hasPlace(o *Observation) bool { return o.Queue != nil && o.Queue.Granted }

// waitingSince returns when a run began to wait for a reason, now if it has just begun.
func waitingSince(o *Observation, reason string) time.Time {
	c := apimeta.FindStatusCondition(o.Execution.Status.Conditions, v1alpha1.ConditionStartable)
	if c == nil || c.Reason != reason {
		return o.Now
	}
	return c.LastTransitionTime.Time
}

// startableCondition is False while a run waits for what its Job needs. Otherwise waits is false. Each reason is a wait
// of its own, with its own clock.
func startableCondition(o *Observation, status *v1alpha1.TaskExecutionStatus) (c metav1.Condition, waits bool) {
	switch status.Reason {
	case v1alpha1.ReasonTaskNotFound, v1alpha1.ReasonSecretNotFound, v1alpha1.ReasonJobRefused:
	default:
		return metav1.Condition{}, false
	}
	if status.Phase.IsTerminal() || status.Job != nil {
		return metav1.Condition{}, false
	}
	return metav1.Condition{
		Type: v1alpha1.ConditionStartable, Status: metav1.ConditionFalse, Reason: status.Reason,
		Message: clip(status.Message, maxConditionMessage), ObservedGeneration: o.Execution.Generation,
		LastTransitionTime: metav1.NewTime(waitingSince(o, status.Reason)),
	}, true
}

// setStartable keeps the condition. Unlike the time of other conditions, its time changes with its reason.
func setStartable(o *Observation, status *v1alpha1.TaskExecutionStatus) {
	c, waits := startableCondition(o, status)
	if old := apimeta.FindStatusCondition(status.Conditions, v1alpha1.ConditionStartable); old != nil && (!waits || old.Reason != c.Reason) {
		apimeta.RemoveStatusCondition(&status.Conditions, v1alpha1.ConditionStartable)
	}
	if waits {
		apimeta.SetStatusCondition(&status.Conditions, c)
	}
}
