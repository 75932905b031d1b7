// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	batchv1 "k8s.io/api/batch/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

// cancelled stops a run whose spec asks for it. An accepted cancel always ends as Cancelled, because the client was
// told so. If the run ended by itself meanwhile, it keeps its exit code, and its reason says so.
func cancelled(o *Observation, f facts) (step, bool) {
	if o.Execution.Spec.Cancel == nil {
		return step{}, false
	}
	if o.Job == nil {
		return cancelledWith(o, v1alpha1.ReasonCancelled, "it was cancelled before its Job was created"), true
	}
	if jobspec.TrueCondition(o.Job, batchv1.JobComplete) != nil {
		return conclude(o, f, cancelledWith(o, v1alpha1.ReasonFinishedWhileCancelling, "the Job completed before it could be stopped")), true
	}
	if jobspec.TrueCondition(o.Job, batchv1.JobFailed) != nil {
		if d, _ := decidingFailure(o, f); d == nil || d.byUs == "" {
			return conclude(o, f, cancelledWith(o, v1alpha1.ReasonFinishedWhileCancelling, "the Job failed before it could be stopped: "+failure(o, f).message)), true
		}
	}
	s, done, forced := stop(o, f, v1alpha1.ReasonCancelled)
	if !done {
		s.verdict = verdict{v1alpha1.PhaseCancelling, v1alpha1.ReasonCancelRequested, cancelMessage(o)}
		return s, true
	}
	c := cancelledWith(o, v1alpha1.ReasonCancelled, cancelMessage(o))
	if forced { // nor does the node serve the rest of the log, so do not wait for it
		c.message += "; " + notConfirmed
		return c, true
	}
	return conclude(o, f, c), true
}

// withoutItsJob says what happened to the missing Job of a cancelled run. If a node did not end its pods, we deleted
// the Job (see stop). Otherwise somebody else did.
func withoutItsJob(o *Observation, f facts) string {
	if o.Execution.Status.Phase != v1alpha1.PhaseCancelling {
		return "; its Job was already deleted"
	}
	for _, pod := range f.live {
		if PodMayRun(pod) && !isIdle(pod) {
			return "; " + notConfirmed
		}
	}
	return ""
}

func cancelledWith(_ *Observation, reason, message string) step {
	return step{verdict: verdict{v1alpha1.PhaseCancelled, reason, message}}
}

// cancelMessage says who cancelled and why, as far as the request says it.
func cancelMessage(o *Observation) string {
	message := "cancelled"
	if by := o.Execution.Spec.Cancel.RequestedBy; by != "" {
		message += " by " + by
	}
	if why := o.Execution.Spec.Cancel.Reason; why != "" {
		message += ": " + why
	}
	return message
}
