package explain

import (
	"fmt"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// heldJob says who holds the Job suspended.
func heldJob(o *Observation) (verdict, bool) {
	status := &o.Execution.Status
	if status.Phase != v1alpha1.PhaseQueued || status.Reason != v1alpha1.ReasonJobSuspended {
		return verdict{}, false
	}
	queue, stopped := "", status.Suspension != nil && status.Suspension.Since != nil
	if o.Job != nil {
		queue = o.Job.Labels[v1alpha1.LabelKueueQueue]
	}
	if queue != "" && stopped {
		return verdict{
			v1alpha1.ReasonJobSuspended,
			fmt.Sprintf("It was stopped while it ran, and waits: Kueue took back its admission from the queue %q.", queue),
			"kubectl describe workloads shows what Kueue waits for. It starts again from its beginning; what it waits does not count for its timeout.",
		}, true
	}
	if queue != "" {
		return verdict{
			v1alpha1.ReasonJobSuspended,
			fmt.Sprintf("It waits for Kueue, which has not admitted its Job from the queue %q yet.", queue),
			"kubectl describe workloads shows what Kueue waits for.",
		}, true
	}
	if stopped {
		return verdict{
			v1alpha1.ReasonJobSuspended,
			"It waits because its Job was suspended while it ran, which ended its pods.",
			"Whoever suspended the Job can let it go: spec.suspend: false. It starts again from its beginning; what it waits does not count for its timeout.",
		}, true
	}
	return verdict{
		v1alpha1.ReasonJobSuspended,
		"It waits because its Job is suspended" + because(status.Message) + ".",
		"Whoever suspended the Job can let it go: spec.suspend: false.",
	}, true
}
