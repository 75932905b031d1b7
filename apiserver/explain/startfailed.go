package explain

import (
	"github.com/taskexec/taskexec/api/v1alpha1"
)

// startFailed says that a container was never started. The status has the runtime's words, also when the pod is gone.
func startFailed(o *Observation) (verdict, bool) {
	if !o.hasFailed(v1alpha1.ReasonContainerNotStarted) {
		return verdict{}, false
	}
	return verdict{
		v1alpha1.ReasonContainerNotStarted,
		"It failed before its program ran" + because(o.Execution.Status.Message) + ".",
		"Look whether the command in the Task's jobTemplate is in the image and can be executed.",
	}, true
}
