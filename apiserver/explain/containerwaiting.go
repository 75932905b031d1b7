package explain

import (
	"github.com/taskexec/taskexec/api/v1alpha1"
)

// containerWaiting repeats the status on a run of which nothing runs at present. The rules before know more where the
// pods could be read.
func containerWaiting(o *Observation) (verdict, bool) {
	status := &o.Execution.Status
	if status.Phase != v1alpha1.PhaseRunning || status.Reason != v1alpha1.ReasonContainerWaiting {
		return verdict{}, false
	}
	return verdict{
		v1alpha1.ReasonContainerWaiting,
		"Nothing of it runs at present, because its next container is not started" + because(status.Message) + ".",
		"Mend what it waits for; startTimeout of the Task ends the run otherwise.",
	}, true
}
