package explain

import (
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestPodsRefused(t *testing.T) {
	pending := func(message string) *observed {
		return run(v1alpha1.PhasePending, v1alpha1.ReasonJobCreated, message).job(nil)
	}
	const event = `Error creating: pods "run-x" is forbidden: exceeded quota: tight`
	unread := func(o *observed) { o.Unread = []Unread{{FromPod, "x"}} }
	ask(t, podsRefused, map[string]asked{
		"nothing is known":       {pending(""), silent},
		"the status says":        {pending("FailedCreate: exceeded quota: tight"), says{ReasonPodsRefused, "may not make a pod: exceeded quota: tight.", "quota"}},
		"an Event says":          {pending("").event("Job", "FailedCreate", event), says{ReasonPodsRefused, "may not make a pod: exceeded quota: tight.", ""}},
		"an Event of other form": {pending("").event("Job", "FailedCreate", "no service account"), says{ReasonPodsRefused, ": no service account.", ""}},
		"there is a pod now":     {pending("").event("Job", "FailedCreate", event).pod("n", waiting("ContainerCreating", "")), silent},
		"perhaps there is a pod": {pending("").event("Job", "FailedCreate", event).with(unread), silent},
		"it has ended":           {run(v1alpha1.PhaseFailed, v1alpha1.ReasonStartTimeout, "FailedCreate: x"), silent},
	})
}
