package explain

import (
	"github.com/taskexec/taskexec/api/v1alpha1"
)

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
