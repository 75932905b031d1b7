// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"cmp"
	"slices"
	"strings"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// endedIn returns when the run ended, if it did in this phase.
func endedIn(o *Observation, phase v1alpha1.Phase) (at time.Time, ok bool) {
	status := &o.Execution.Status
	if status.Phase != phase {
		return time.Time{}, false
	}
	return endOf(o.Execution), true
}

// endOf returns when an ended run ended. Without completionTime, which may not have been decodable, it is the creation.
func endOf(e *v1alpha1.TaskExecution) time.Time {
	if at := e.Status.CompletionTime; at != nil {
		return at.Time
	}
	return e.CreationTimestamp.Time
}

func failed(o *Observation, _ *Subscription) (due Due, ok bool) {
	at, ok := endedIn(o, v1alpha1.PhaseFailed)
	return Due{At: at, InARow: row(o.Before) + 1}, ok
}

// failedInARow is true for the run that completes the row, and not for those after it.
func failedInARow(o *Observation, s *Subscription) (due Due, ok bool) {
	due, ok = failed(o, s)
	return due, ok && due.InARow == cmp.Or(s.InARow, defaultInARow)
}

// refused judges a run of a schedule that failed before a container started, such as by the policy Forbid.
func refused(o *Observation, _ *Subscription) (due Due, ok bool) {
	at, ok := endedIn(o, v1alpha1.PhaseFailed)
	e := o.Execution
	return Due{At: at}, ok && e.Spec.Trigger.Source == v1alpha1.TriggerSchedule && e.Status.StartTime == nil
}

func recovered(o *Observation, _ *Subscription) (due Due, ok bool) {
	at, ok := endedIn(o, v1alpha1.PhaseCompleted)
	due = Due{At: at, InARow: row(o.Before)}
	return due, ok && due.InARow > 0
}

func completed(o *Observation, _ *Subscription) (due Due, ok bool) {
	at, ok := endedIn(o, v1alpha1.PhaseCompleted)
	return Due{At: at}, ok
}

func cancelled(o *Observation, _ *Subscription) (due Due, ok bool) {
	at, ok := endedIn(o, v1alpha1.PhaseCancelled)
	return Due{At: at}, ok
}

// logIncomplete is true once the log is final and not whole. A run without a container has no log and lacks none.
func logIncomplete(o *Observation, _ *Subscription) (due Due, ok bool) {
	status := &o.Execution.Status
	captured := apimeta.FindStatusCondition(status.Conditions, v1alpha1.ConditionLogsCaptured)
	if !status.Phase.IsTerminal() || captured == nil || captured.Status != metav1.ConditionFalse {
		return Due{}, false
	}
	return Due{At: captured.LastTransitionTime.Time}, captured.Reason != v1alpha1.ReasonLogsNoContainer
}

// row returns how many of the newest runs failed. A cancelled run says nothing about the Task and is skipped.
func row(before []v1alpha1.Phase) (n int) {
	for _, phase := range before {
		switch phase {
		case v1alpha1.PhaseFailed:
			n++
		case v1alpha1.PhaseCompleted:
			return n
		}
	}
	return n
}

// EndedBefore returns the phases of the runs that ended before this ended one, newest first. runs are all runs of the
// Task, and may have this one. Copies of earlier runs are left out. Of two runs that ended within the same second, the
// order of their names decides.
func EndedBefore(e *v1alpha1.TaskExecution, runs []v1alpha1.TaskExecution) []v1alpha1.Phase {
	var ended []*v1alpha1.TaskExecution
	for i := range runs {
		r := &runs[i]
		if r.UID != e.UID && r.Status.Phase.IsTerminal() && r.Status.Reason != v1alpha1.ReasonRestoredCopy && byEnd(r, e) < 0 {
			ended = append(ended, r)
		}
	}
	slices.SortFunc(ended, func(a, b *v1alpha1.TaskExecution) int { return byEnd(b, a) })
	phases := make([]v1alpha1.Phase, 0, len(ended))
	for _, r := range ended {
		phases = append(phases, r.Status.Phase)
	}
	return phases
}

func byEnd(a, b *v1alpha1.TaskExecution) int {
	return cmp.Or(endOf(a).Compare(endOf(b)), strings.Compare(a.Name, b.Name))
}
