package explain

import (
	"fmt"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// retrying says that an attempt failed and another is to come.
func retrying(o *Observation) (verdict, bool) {
	status := &o.Execution.Status
	if status.Phase != v1alpha1.PhaseRunning || status.Reason != v1alpha1.ReasonRetrying {
		return verdict{}, false
	}
	how := ""
	if m := o.lastMirror(); m != nil && m.ExitCode != nil {
		how = fmt.Sprintf("; the last one ended with exit code %d", *m.ExitCode)
	}
	return verdict{
		v1alpha1.ReasonRetrying,
		"It waits for its next attempt" + because(status.Message) + how + ".",
		fmt.Sprintf("Read its log: GET /tasks/executions/%s/logs.", o.Execution.Name),
	}, true
}
