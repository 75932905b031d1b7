// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestCancelled(t *testing.T) {
	by := func(o *observed) {
		o.Execution.Spec.Cancel = &v1alpha1.CancelRequest{RequestedBy: "ann", Reason: "not needed"}
	}
	receipt := func(outcome v1alpha1.CancellationOutcome) *observed {
		o := run(v1alpha1.PhaseCancelled, v1alpha1.ReasonCancelled, "").with(by).exit(143)
		o.Execution.Status.Cancellation = &v1alpha1.Cancellation{RequestedBy: "ann", Reason: "not needed", Outcome: outcome}
		return o
	}
	const who = "cancelled by ann (not needed)"
	ask(t, cancelled, map[string]asked{
		"not at all":         {run(v1alpha1.PhaseRunning, "", ""), silent},
		"after its end":      {run(v1alpha1.PhaseCompleted, "", "").with(by), silent},
		"not seen yet":       {run(v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted, "").with(by).pod("n", runs()), says{v1alpha1.ReasonCancelRequested, "It is being " + who, ""}},
		"while it ends":      {run(v1alpha1.PhaseCancelling, v1alpha1.ReasonCancelRequested, "").with(by), says{v1alpha1.ReasonCancelRequested, who, ""}},
		"before it started":  {receipt(v1alpha1.CancellationNotStarted), says{v1alpha1.ReasonCancelled, who + " before any container started", ""}},
		"gracefully":         {receipt(v1alpha1.CancellationGraceful), says{v1alpha1.ReasonCancelled, "stopped when they were asked to", ""}},
		"by force":           {receipt(v1alpha1.CancellationForced), says{v1alpha1.ReasonCancelled, "was killed", "SIGTERM"}},
		"unconfirmed":        {receipt(v1alpha1.CancellationUnconfirmed).pod("worker", corev1.ContainerState{}), says{v1alpha1.ReasonCancelled, `on node "worker"`, "may still be running"}},
		"it ended by itself": {receipt(v1alpha1.CancellationAlreadyEnded), says{v1alpha1.ReasonCancelled, "with exit code 143", ""}},
		"requester unknown":  {run(v1alpha1.PhaseCancelled, v1alpha1.ReasonCancelled, ""), says{v1alpha1.ReasonCancelled, "It was cancelled.", ""}},
	})
}
