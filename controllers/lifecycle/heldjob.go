// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"fmt"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// heldJob lets a run whose Job is suspended wait as Queued. Kueue suspends its Jobs until there is room, and to preempt
// them (https://kueue.sigs.k8s.io/docs/concepts/workload/). The queue clock counts.
func heldJob(o *Observation, f facts) (step, bool) {
	if !isJobHeld(o, f) {
		return step{}, false
	}
	return step{
		verdict: verdict{v1alpha1.PhaseQueued, v1alpha1.ReasonJobSuspended, heldMessage(o, f)},
		queue:   &v1alpha1.QueueStatus{BlockedBy: v1alpha1.BlockedByJob},
		requeue: f.clocks.next(o.Now),
	}, true
}

// isJobHeld reports whether the Job of a run is suspended, and none of its containers runs.
func isJobHeld(o *Observation, f facts) bool {
	return isQueuedAgain(o, f) || jobSuspended(o.Job) && f.started.IsZero()
}

// isQueuedAgain reports whether a started run is suspended and its Job has not been resumed.
func isQueuedAgain(o *Observation, f facts) bool { return f.isPaused() && isHeld(o, f) }

func heldMessage(o *Observation, f facts) string {
	queue := o.Job.Labels[v1alpha1.LabelKueueQueue]
	switch {
	case f.isPaused() && queue != "":
		return fmt.Sprintf("the Job was suspended while it ran, and its pods were deleted: Kueue took back its admission from the queue %q", queue)
	case f.isPaused():
		return "the Job was suspended while it ran, and its pods were deleted: it starts again when it is let go"
	case queue != "":
		return fmt.Sprintf("the Job is suspended: Kueue has not admitted it from the queue %q yet", queue)
	default:
		return "the Job is suspended"
	}
}
