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
	if code := o.failedWith(); code != nil {
		how = fmt.Sprintf("; the last one ended with exit code %d", *code)
	}
	return verdict{
		v1alpha1.ReasonRetrying,
		"It waits for its next attempt" + because(status.Message) + how + ".",
		fmt.Sprintf("Read its log: GET /tasks/executions/%s/logs.", o.Execution.Name),
	}, true
}

// failedWith is the exit code of the attempt that failed: the status has it, or else the newest pod that did.
func (o *Observation) failedWith() *int32 {
	if code := o.Execution.Status.ExitCode; code != nil {
		return code
	}
	pods := o.Execution.Status.Pods
	for i := len(pods) - 1; i >= 0; i-- {
		if code := pods[i].ExitCode; code != nil && *code != 0 {
			return code
		}
	}
	return nil
}
