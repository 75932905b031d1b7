package explain

import (
	"github.com/taskexec/taskexec/api/v1alpha1"
)

// jobLost says that somebody deleted the Job.
func jobLost(o *Observation) (verdict, bool) {
	if !o.hasFailed(v1alpha1.ReasonJobLost) {
		return verdict{}, false
	}
	return verdict{
		v1alpha1.ReasonJobLost,
		"It failed because somebody deleted its Job" + because(o.Execution.Status.Message) + ".",
		"How far it came cannot be known. Look at what it has done before you run it again, and cancel runs instead of deleting their Jobs.",
	}, true
}
