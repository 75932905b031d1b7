// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"fmt"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// cancelled says who cancelled the run, why, and how its containers ended. It does not apply to a run that ended before
// the request.
func cancelled(o *Observation) (verdict, bool) {
	e, receipt := o.Execution, o.Execution.Status.Cancellation
	if e.Status.Phase != v1alpha1.PhaseCancelled && (o.ended() || e.Spec.Cancel == nil) {
		return verdict{}, false
	}
	who := ""
	switch {
	case receipt != nil:
		who = whoAndWhy(receipt.RequestedBy, receipt.Reason)
	case e.Spec.Cancel != nil:
		who = whoAndWhy(e.Spec.Cancel.RequestedBy, e.Spec.Cancel.Reason)
	}
	if !o.ended() {
		return verdict{v1alpha1.ReasonCancelRequested, "It is being cancelled" + who + "; its containers are asked to stop.", ""}, true
	}
	v := verdict{reason: e.Status.Reason}
	outcome := v1alpha1.CancellationOutcome("")
	if receipt != nil {
		outcome = receipt.Outcome
	}
	switch outcome {
	case v1alpha1.CancellationNotStarted:
		v.sentence = "It was cancelled" + who + " before any container started."
	case v1alpha1.CancellationGraceful:
		v.sentence = "It was cancelled" + who + "; its containers stopped when they were asked to."
	case v1alpha1.CancellationForced:
		v.sentence = "It was cancelled" + who + "; a container did not stop in time and was killed."
		v.advice = "Make the program stop on SIGTERM, or raise terminationGracePeriodSeconds in the Task's jobTemplate."
	case v1alpha1.CancellationUnconfirmed:
		v.sentence = "It was cancelled" + who + "; nothing confirms that its containers ended" + onNode(o.nodeOf()) + "."
		v.advice = "A container may still be running. Check whether the node is up: kubectl get nodes."
	case v1alpha1.CancellationAlreadyEnded:
		v.sentence = "It was cancelled" + who + ", but had already ended by itself" + exitOf(e) + "."
	default:
		v.sentence = "It was cancelled" + who + "."
	}
	return v, true
}

// whoAndWhy is a clause with who asked for a cancel and the reason given, empty without both.
func whoAndWhy(by, why string) string {
	out := ""
	if by != "" {
		out = " by " + by
	}
	if why != "" {
		out += fmt.Sprintf(" (%s)", why)
	}
	return out
}

// exitOf is a clause with the exit code of a run, empty if it is not known.
func exitOf(e *v1alpha1.TaskExecution) string {
	if e.Status.ExitCode == nil {
		return ""
	}
	return fmt.Sprintf(", with exit code %d", *e.Status.ExitCode)
}
