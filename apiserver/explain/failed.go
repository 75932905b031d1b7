package explain

import (
	batchv1 "k8s.io/api/batch/v1"

	"github.com/taskexec/taskexec/controllers/jobspec"
)

// failed is for all failures of which no other rule knows more: the status' word, or else the Job's.
func failed(o *Observation) (verdict, bool) {
	if !o.hasFailed() {
		return verdict{}, false
	}
	why := o.Execution.Status.Message
	if why == "" && o.Job != nil {
		if c := jobspec.TrueCondition(o.Job, batchv1.JobFailed); c != nil {
			why = c.Reason + because(c.Message)
		}
	}
	return verdict{o.Execution.Status.Reason, "It failed" + because(why) + ".", ""}, true
}
