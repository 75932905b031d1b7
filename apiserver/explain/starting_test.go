package explain

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestStarting(t *testing.T) {
	pending := func(message string) *observed {
		return run(v1alpha1.PhasePending, v1alpha1.ReasonJobCreated, message)
	}
	ask(t, starting, map[string]asked{
		"it runs":                     {run(v1alpha1.PhaseRunning, "", ""), silent},
		"a node has it":               {pending("").job(nil).pod("n", waiting("ContainerCreating", "")), says{ReasonStarting, `the node "n" has its pod`, ""}},
		"it waits for a node":         {pending("").job(nil).pod("", corev1.ContainerState{}), says{ReasonStarting, "waits for a node", ""}},
		"the Job has no pod yet":      {pending("").job(nil), says{ReasonStarting, "its Job is there.", ""}},
		"there is no Job yet":         {pending(""), says{ReasonStarting, "its Job is about to be made.", ""}},
		"the status knows what it is": {pending("Unschedulable: full").job(nil), says{ReasonStarting, "It has not started yet: Unschedulable: full.", ""}},
	})
}
