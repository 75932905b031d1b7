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

// templateLimits by reason: what to do about a limit that the Task's jobTemplate sets. Another attempt would end in the
// same way.
var templateLimits = map[string]string{
	v1alpha1.ReasonPodDeadlineExceeded: "Raise or remove spec.template.spec.activeDeadlineSeconds in the Task's jobTemplate; timeout of the Task is the limit that Taskexec keeps itself.",
	v1alpha1.ReasonJobDeadlineExceeded: "Raise or remove spec.activeDeadlineSeconds in the Task's jobTemplate; timeout of the Task is the limit that Taskexec keeps itself.",
	v1alpha1.ReasonStorageLimitExceeded: "Raise resources.limits.ephemeral-storage of the container, or the sizeLimit of the emptyDir, in the Task's jobTemplate, " +
		"or have the program write less.",
	v1alpha1.ReasonProbeFailed: "Look at livenessProbe, startupProbe and lifecycle.postStart in the Task's jobTemplate, and at what the program answers.",
}

// templateLimit says which limit of its template a run reached.
func templateLimit(o *Observation) (verdict, bool) {
	status := &o.Execution.Status
	advice, is := templateLimits[status.Reason]
	if !is || !o.hasFailed() {
		return verdict{}, false
	}
	return verdict{status.Reason, "It failed because it reached a limit of its own Task" + because(status.Message) + ".", advice}, true
}
