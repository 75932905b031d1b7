package explain

import (
	"github.com/taskexec/taskexec/api/v1alpha1"
)

// overdue says which clock ended a run. The message has its length, and what the run waited for last.
func overdue(o *Observation) (verdict, bool) {
	v := verdict{reason: o.Execution.Status.Reason}
	switch {
	case o.hasFailed(v1alpha1.ReasonDeadlineExceeded):
		v.advice = "Raise timeout of the Task, or find out from its log what took so long."
	case o.hasFailed(v1alpha1.ReasonStartTimeout):
		v.advice = "Mend what it waited for, or raise startTimeout of the Task."
	case o.hasFailed(v1alpha1.ReasonQueueTimeout):
		v.advice = "Raise queueTimeout or concurrency.maxRunning of the Task, or ask for fewer runs."
	default:
		return verdict{}, false
	}
	v.sentence = "It failed because its time was up" + because(o.Execution.Status.Message) + "."
	return v, true
}
