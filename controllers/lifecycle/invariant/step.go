// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package invariant

import (
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// Step returns the invariants that are broken between two successive states of one execution.
func Step(before, after *v1alpha1.TaskExecution) []string {
	var b broken
	was, is := &before.Status, &after.Status
	if was.Phase.IsTerminal() {
		b.terminal(was, is)
	} else {
		b.forward(before, after)
	}
	b.written(was, is)
	if is.Attempts < was.Attempts {
		b.add("%d attempts became %d", was.Attempts, is.Attempts)
	}
	if is.ObservedGeneration < was.ObservedGeneration {
		b.add("generation %d was observed, and then %d", was.ObservedGeneration, is.ObservedGeneration)
	}
	b.log(was, is)
	return b
}

// terminal checks that a terminal status stays. The exit code of a run that was given up may become known later.
func (b *broken) terminal(was, is *v1alpha1.TaskExecutionStatus) {
	if is.Phase != was.Phase || is.Reason != was.Reason || is.Message != was.Message || is.Duration != was.Duration ||
		was.ExitCode != nil && !equality.Semantic.DeepEqual(is.ExitCode, was.ExitCode) || !is.CompletionTime.Equal(was.CompletionTime) {
		b.add("the end was %s/%s %q at %v and is %s/%s %q at %v",
			was.Phase, was.Reason, was.Message, was.CompletionTime, is.Phase, is.Reason, is.Message, is.CompletionTime)
	}
}

// forward checks that no phase is followed by an earlier one, and that a cancelled run ends as Cancelled.
func (b *broken) forward(before, after *v1alpha1.TaskExecution) {
	was, is := before.Status.Phase, after.Status.Phase
	held := after.Status.Suspension != nil && after.Status.Suspension.Since != nil && is != ""
	if rank(is) < rank(was) && !(held && was == v1alpha1.PhaseRunning) {
		b.add("%s after %s", is, was)
	}
	b.clock(before.Status.Suspension, after.Status.Suspension)
	if before.Spec.Cancel != nil && is.IsTerminal() && is != v1alpha1.PhaseCancelled {
		b.add("an accepted cancel ended as %s/%s", is, after.Status.Reason)
	}
}

// clock checks that the total suspended time never shrinks.
func (b *broken) clock(was, is *v1alpha1.Suspension) {
	if was != nil && (is == nil || is.Total.Duration < was.Total.Duration) {
		b.add("the account of suspensions was %+v and is %+v", was, is)
	}
}

// rank returns the position of a phase in the order of a run. Terminal phases have the highest; no phase has -1.
func rank(p v1alpha1.Phase) int {
	switch {
	case p == v1alpha1.PhaseQueued:
		p = v1alpha1.PhasePending // Kueue may suspend the Job again
	case p.IsTerminal():
		p = v1alpha1.PhaseCompleted
	}
	return slices.Index([]v1alpha1.Phase{"", v1alpha1.PhasePending, v1alpha1.PhaseRunning, v1alpha1.PhaseCancelling, v1alpha1.PhaseCompleted}, p)
}

// written checks that the start, the Job, the Task and a receipt are written once.
func (b *broken) written(was, is *v1alpha1.TaskExecutionStatus) {
	if was.StartTime != nil && !was.StartTime.Equal(is.StartTime) {
		b.add("the start was %v and is %v", was.StartTime, is.StartTime)
	}
	if was.Job != nil && (is.Job == nil || *was.Job != *is.Job) {
		b.add("the Job was %v and is %v", was.Job, is.Job)
	}
	if was.Task != nil && (is.Task == nil || *was.Task != *is.Task) {
		b.add("the Task was %v and is %v", was.Task, is.Task)
	}
	r, now := was.Cancellation, is.Cancellation
	if r == nil {
		return
	}
	if now == nil || !r.AcknowledgedTime.Equal(&now.AcknowledgedTime) || r.Reason != now.Reason || r.Outcome != "" && r.Outcome != now.Outcome {
		b.add("the receipt was %+v and is %+v", r, now)
	}
}

// log checks that the log does not go backwards, and that a final log stays final.
func (b *broken) log(was, is *v1alpha1.TaskExecutionStatus) {
	if was.LogSummary != nil && (is.LogSummary == nil || is.LogSummary.Entries < was.LogSummary.Entries) {
		b.add("the log was %+v and is %+v", was.LogSummary, is.LogSummary)
	}
	last := apimeta.FindStatusCondition(was.Conditions, v1alpha1.ConditionLogsCaptured)
	if last == nil || last.Status == metav1.ConditionUnknown {
		return
	}
	if c := apimeta.FindStatusCondition(is.Conditions, v1alpha1.ConditionLogsCaptured); c == nil || c.Status != last.Status || c.Reason != last.Reason {
		b.add("the last word on the log was %s and is %+v", last.Reason, c)
	}
}
