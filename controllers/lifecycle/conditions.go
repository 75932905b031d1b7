// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"fmt"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/logs/parse"
)

const unknown = metav1.ConditionUnknown

// maxConditionMessage is in bytes. status.message has the whole message.
const maxConditionMessage = 256

// setConditions derives the conditions from the phase. Succeeded is for people and `kubectl wait`. Reconciling and
// Stalled follow kstatus: a True one means work or trouble, and an absent one means none.
// https://github.com/kubernetes-sigs/cli-utils/tree/master/pkg/kstatus
func setConditions(o *Observation, f facts, status *v1alpha1.TaskExecutionStatus) {
	set := func(conditionType string, value metav1.ConditionStatus, reason, message string) {
		apimeta.SetStatusCondition(&status.Conditions, metav1.Condition{
			Type:               conditionType,
			Status:             value,
			Reason:             reason,
			Message:            clip(parse.OneLine(message), maxConditionMessage),
			ObservedGeneration: o.Execution.Generation,
			LastTransitionTime: metav1.NewTime(o.Now),
		})
	}
	setStartable(o, status)
	remove := func(conditionType string) { apimeta.RemoveStatusCondition(&status.Conditions, conditionType) }

	if !status.Phase.IsTerminal() {
		set(v1alpha1.ConditionSucceeded, unknown, status.Reason, status.Message)
		set(v1alpha1.ConditionReconciling, metav1.ConditionTrue, status.Reason, status.Message)
		remove(v1alpha1.ConditionStalled)
		if _, troubled := imageDue(o, f); troubled {
			set(v1alpha1.ConditionImagesPulled, metav1.ConditionFalse, v1alpha1.ReasonImagePullBackOff, unpulled(pullingPod(f)))
		} else {
			remove(v1alpha1.ConditionImagesPulled)
		}
		return
	}
	remove(v1alpha1.ConditionReconciling)
	remove(v1alpha1.ConditionImagesPulled)
	succeeded := metav1.ConditionFalse
	if status.Phase == v1alpha1.PhaseCompleted {
		succeeded = metav1.ConditionTrue
	}
	set(v1alpha1.ConditionSucceeded, succeeded, status.Reason, status.Message)
	if status.Phase == v1alpha1.PhaseFailed {
		set(v1alpha1.ConditionStalled, metav1.ConditionTrue, status.Reason, status.Message)
	}
	captured := logsCaptured(o, f)
	set(v1alpha1.ConditionLogsCaptured, captured.Status, captured.Reason, captured.Message)
}

// LogIsFinal reports whether an execution has ended and no more of its log is read.
func LogIsFinal(e *v1alpha1.TaskExecution) bool {
	return e.Status.Phase.IsTerminal() && alreadyCaptured(&Observation{Execution: e})
}

// alreadyCaptured reports whether the status says that the log is final.
func alreadyCaptured(o *Observation) bool {
	c := apimeta.FindStatusCondition(o.Execution.Status.Conditions, v1alpha1.ConditionLogsCaptured)
	return c != nil && c.Status != unknown
}

// logsCaptured judges whether all of a finished run's log was read. A final verdict never changes: later the pods may
// be gone, so that it could not be judged again.
func logsCaptured(o *Observation, f facts) metav1.Condition {
	if alreadyCaptured(o) {
		return *apimeta.FindStatusCondition(o.Execution.Status.Conditions, v1alpha1.ConditionLogsCaptured)
	}
	switch {
	case o.Log.GaveUp != "":
		return metav1.Condition{Status: metav1.ConditionFalse, Reason: o.Log.GaveUp, Message: o.Log.Missing}
	case !o.Log.Read:
		return metav1.Condition{Status: unknown, Reason: v1alpha1.ReasonLogsCapturing, Message: "the end of the log is being read"}
	case !o.Log.Drained:
		return metav1.Condition{Status: unknown, Reason: v1alpha1.ReasonLogsArchiving, Message: "the log was read and is being archived"}
	case f.started.IsZero():
		return metav1.Condition{Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonLogsNoContainer, Message: "no container started"}
	case o.Log.Attempts < int(o.Execution.Status.Attempts), o.Log.Lines < readBefore(o), o.Log.Attempts == 0:
		return metav1.Condition{Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonLogsPodGone, Message: podGone(o)}
	default:
		return metav1.Condition{Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonLogsComplete, Message: complete(o)}
	}
}

func complete(o *Observation) string {
	if o.Log.Archived {
		return "all of the log was read and archived"
	}
	return "all of the log was read"
}

// podGone says how much is missing of a log that cannot be read any more.
func podGone(o *Observation) string {
	if missing := readBefore(o) - o.Log.Lines; missing > 0 {
		return fmt.Sprintf("a pod was removed, or its log rotated, before it was read to its end: of %d lines that were read before, %d could not be read again",
			readBefore(o), missing)
	}
	return fmt.Sprintf("the logs of %d of %d attempts could be read", o.Log.Attempts, max(o.Execution.Status.Attempts, 1))
}

// readBefore returns how many lines were read before a restart of the controller.
func readBefore(o *Observation) int64 {
	if s := o.Execution.Status.LogSummary; s != nil {
		return s.Entries
	}
	return 0
}
