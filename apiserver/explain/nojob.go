package explain

import (
	"github.com/taskexec/taskexec/api/v1alpha1"
)

// withoutJob are the reasons for which a run that waits has no Job yet, with what to do.
var withoutJob = map[string]string{
	v1alpha1.ReasonTaskNotFound:   "Make the Task; the run is started then, unless its start timeout is over before.",
	v1alpha1.ReasonSecretNotFound: "Make the Secret, with the keys that the execution names and the label that lets runs use it; the run is started then, unless its start timeout is over before.",
	v1alpha1.ReasonJobRefused:     "Make room in the quota, or mend the policy that is in the way; it is tried again every few seconds until the start timeout is over.",
}

// noJob says what keeps the controller from making the Job.
func noJob(o *Observation) (verdict, bool) {
	status := &o.Execution.Status
	advice, is := withoutJob[status.Reason]
	if !is || status.Phase != v1alpha1.PhasePending && status.Phase != v1alpha1.PhaseQueued {
		return verdict{}, false
	}
	return verdict{status.Reason, "It is not started yet" + because(status.Message) + ".", advice}, true
}
