package explain

import (
	"fmt"
)

// restarting says of a pod that restarts its containers in place why one waits for its next start.
func restarting(o *Observation) (verdict, bool) {
	pod := o.waitingPod()
	if pod == nil {
		return verdict{}, false
	}
	for _, s := range statusesOf(pod) {
		if s.State.Waiting == nil || s.State.Waiting.Reason != reasonCrashLoop {
			continue
		}
		how := ""
		if t := s.LastTerminationState.Terminated; t != nil {
			how = fmt.Sprintf(": the last time it ended with exit code %d", t.ExitCode)
			if t.Reason == "OOMKilled" {
				how = ": the last time it was killed for using more memory than its limit"
			}
		}
		return verdict{
			ReasonRestarting,
			fmt.Sprintf("Its container %q failed and waits to be started again, after %s%s.", s.Name, times(s.RestartCount, "restart"), how),
			fmt.Sprintf("Read its log: GET /tasks/executions/%s/logs.", o.Execution.Name),
		}, true
	}
	return verdict{}, false
}
