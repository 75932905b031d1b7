package explain

import (
	"fmt"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// cancelled says by whom and why, and how the containers took it. A cancel that came after the end is none.
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
		return verdict{v1alpha1.ReasonCancelRequested, "It is being cancelled" + who + "; what it runs is told to end.", ""}, true
	}
	v := verdict{reason: e.Status.Reason}
	outcome := v1alpha1.CancellationOutcome("")
	if receipt != nil {
		outcome = receipt.Outcome
	}
	switch outcome {
	case v1alpha1.CancellationNotStarted:
		v.sentence = "It was cancelled" + who + ", before any container had started."
	case v1alpha1.CancellationGraceful:
		v.sentence = "It was cancelled" + who + "; its containers ended by themselves when they were told to."
	case v1alpha1.CancellationForced:
		v.sentence = "It was cancelled" + who + "; a container did not end in time and was killed."
		v.advice = "Have the program end on SIGTERM, or raise terminationGracePeriodSeconds in the Task's jobTemplate."
	case v1alpha1.CancellationUnconfirmed:
		v.sentence = "It was cancelled" + who + "; no node confirmed that its containers ended" + onNode(o.nodeOf()) + "."
		v.advice = "A container may still run. Look whether the node is up: kubectl get nodes."
	case v1alpha1.CancellationAlreadyEnded:
		v.sentence = "It was cancelled" + who + ", when it had ended by itself already" + exitOf(e) + "."
	default:
		v.sentence = "It was cancelled" + who + "."
	}
	return v, true
}

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

// exitOf says with which exit code a run ended, if it is known.
func exitOf(e *v1alpha1.TaskExecution) string {
	if e.Status.ExitCode == nil {
		return ""
	}
	return fmt.Sprintf(", with exit code %d", *e.Status.ExitCode)
}
