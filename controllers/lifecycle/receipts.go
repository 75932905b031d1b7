// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

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

// receiptEnd returns when a cancel was done. If a run had ended by itself before the cancel was seen, it keeps its own
// end, and the cancel was done when it was seen.
func receiptEnd(acknowledged metav1.Time, completion *metav1.Time) *metav1.Time {
	if completion != nil && completion.Before(&acknowledged) {
		return &acknowledged
	}
	return completion
}
