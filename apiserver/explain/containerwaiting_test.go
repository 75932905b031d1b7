package explain

import (
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestContainerWaiting(t *testing.T) {
	const reason = v1alpha1.ReasonContainerWaiting
	waits := func() *observed { return run(v1alpha1.PhaseRunning, reason, "CreateContainerConfigError: why") }
	ask(t, containerWaiting, map[string]asked{
		"it runs":                     {run(v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted, ""), silent},
		"the pods could not be read":  {waits(), says{reason, "its next container is not started: CreateContainerConfigError: why.", "startTimeout"}},
		"it has ended for this cause": {run(v1alpha1.PhaseFailed, v1alpha1.ReasonStartTimeout, ""), silent},
	})
	// The pod itself is the better answer.
	if got := Of(waits().pod("n", waiting("CreateContainerConfigError", "no such Secret")).Observation); got.Reason != ReasonContainerNotCreated {
		t.Errorf("got %+v", got)
	}
}
