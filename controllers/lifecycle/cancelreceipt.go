// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/logs/parse"
)

// exitKilled is the exit code of a container that was ended by SIGKILL: 128 and the signal's number.
const exitKilled = 137

// acknowledge writes the receipt of a cancel: when it was seen, and how the run ended because of it. Each part is
// written once, with the phases Cancelling and Cancelled. If a run had ended before, its cancel has no effect and no
// receipt.
func acknowledge(o *Observation, status *v1alpha1.TaskExecutionStatus) {
	request := o.Execution.Spec.Cancel
	cancelling := status.Phase == v1alpha1.PhaseCancelling || status.Phase == v1alpha1.PhaseCancelled
	if request == nil || !cancelling || o.Execution.Status.Phase.IsTerminal() {
		return
	}
	if status.Cancellation == nil {
		status.Cancellation = &v1alpha1.Cancellation{
			RequestedBy: parse.OneLine(request.RequestedBy), Reason: parse.OneLine(request.Reason), AcknowledgedTime: metav1.NewTime(o.Now),
		}
	}
	if status.Phase == v1alpha1.PhaseCancelled {
		status.Cancellation.CompletionTime = receiptEnd(status.Cancellation.AcknowledgedTime, status.CompletionTime)
		status.Cancellation.Outcome = outcome(o, status)
	}
}

// outcome judges by the mirrored pods, because the pods themselves may be gone.
func outcome(o *Observation, status *v1alpha1.TaskExecutionStatus) v1alpha1.CancellationOutcome {
	switch {
	case status.Reason == v1alpha1.ReasonFinishedWhileCancelling:
		return v1alpha1.CancellationAlreadyEnded
	case status.StartTime == nil:
		return v1alpha1.CancellationNotStarted
	}
	told, idle := map[types.UID]bool{}, map[types.UID]bool{}
	for _, pod := range o.Pods {
		_, _, told[pod.UID] = endMark(pod)
		idle[pod.UID] = !podEnded(pod) && isIdle(pod)
	}
	judged := v1alpha1.CancellationGraceful
	for i := range status.Pods {
		pod := &status.Pods[i]
		switch {
		case idle[pod.UID]: // nothing of it had to end
		case pod.FinishTime == nil:
			return v1alpha1.CancellationUnconfirmed
		case !told[pod.UID] && pod.FinishTime.Before(&status.Cancellation.AcknowledgedTime):
			// Skip an attempt that had ended before.
		case pod.ExitCode != nil && *pod.ExitCode == exitKilled:
			judged = v1alpha1.CancellationForced
		}
	}
	return judged
}

// receiptEnd returns when a cancel was done. If a run had ended by itself before the cancel was seen, it keeps its own
// end, and the cancel was done when it was seen.
func receiptEnd(acknowledged metav1.Time, completion *metav1.Time) *metav1.Time {
	if completion != nil && completion.Before(&acknowledged) {
		return &acknowledged
	}
	return completion
}
