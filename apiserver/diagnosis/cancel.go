// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/phrases"
)

// cancelled says who cancelled the run, why, and how its containers ended. It does not apply to a run that ended before
// the request.
func cancelled(o *Observation) (verdict, bool) {
	e, receipt := o.Execution, o.Execution.Status.Cancellation
	if e.Status.Phase != v1alpha1.PhaseCancelled && (o.ended() || e.Spec.Cancel == nil) {
		return verdict{}, false
	}
	who := phrases.Text{}
	switch {
	case receipt != nil:
		who = whoAndWhy(receipt.RequestedBy, receipt.Reason)
	case e.Spec.Cancel != nil:
		who = whoAndWhy(e.Spec.Cancel.RequestedBy, e.Spec.Cancel.Reason)
	}
	if !o.ended() {
		return verdict{v1alpha1.ReasonCancelRequested, sayCancelling.With(who), none}, true
	}
	v := verdict{reason: e.Status.Reason}
	outcome := v1alpha1.CancellationOutcome("")
	if receipt != nil {
		outcome = receipt.Outcome
	}
	switch outcome {
	case v1alpha1.CancellationNotStarted:
		v.sentence = sayCancelledNotStarted.With(who)
	case v1alpha1.CancellationGraceful:
		v.sentence = sayCancelledGracefully.With(who)
	case v1alpha1.CancellationForced:
		v.sentence, v.advice = sayCancelledForcibly.With(who), adviseSIGTERM.With()
	case v1alpha1.CancellationUnconfirmed:
		v.sentence, v.advice = sayCancelUnconfirmed.With(who, onNode(o.nodeOf())), adviseUnsure.With()
	case v1alpha1.CancellationAlreadyEnded:
		v.sentence = sayCancelledAfterItEnded.With(who, exitOf(e))
	default:
		v.sentence = sayCancelled.With(who)
	}
	return v, true
}

// whoAndWhy is a clause with who asked for a cancel and the reason given, empty without both.
func whoAndWhy(by, why string) phrases.Text {
	switch {
	case by != "" && why != "":
		return clauseByAndWhy.With(by, why)
	case by != "":
		return clauseBy.With(by)
	case why != "":
		return clauseWhy.With(why)
	default:
		return none
	}
}

// exitOf is a clause with the exit code of a run, empty if it is not known.
func exitOf(e *v1alpha1.TaskExecution) phrases.Text {
	if e.Status.ExitCode == nil {
		return none
	}
	return clauseExit.With(*e.Status.ExitCode)
}
