package explain

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestRestarting(t *testing.T) {
	running := func() *observed { return run(v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted, "") }
	before := func(code int32, reason string) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			s := &p.Status.ContainerStatuses[0]
			s.RestartCount, s.LastTerminationState = 4, terminated(code, reason, "")
		}
	}
	loop := waiting("CrashLoopBackOff", "back-off 40s")
	ask(t, restarting, map[string]asked{
		"it runs":          {running().pod("n", runs()), silent},
		"no pod":           {running(), silent},
		"it failed":        {running().pod("n", loop, before(2, "Error")), says{ReasonRestarting, `"main" failed and waits to be started again, after 4 restarts: the last time it ended with exit code 2.`, "/logs"}},
		"for its memory":   {running().pod("n", loop, before(137, "OOMKilled")), says{ReasonRestarting, "more memory than its limit.", ""}},
		"nothing is known": {running().pod("n", loop), says{ReasonRestarting, "after 0 restarts.", ""}},
	})
}
