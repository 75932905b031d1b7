package explain

import (
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestNotCreated(t *testing.T) {
	pending := func() *observed { return run(v1alpha1.PhasePending, v1alpha1.ReasonJobCreated, "") }
	const missing = `configmap "settings" not found`
	ask(t, notCreated, map[string]asked{
		"it is on its way":      {pending().pod("n", waiting("PodInitializing", "")), silent},
		"without a word":        {pending().pod("n", waiting("", "")), silent},
		"an image":              {pending().pod("n", waiting("ErrImagePull", "")), silent},
		"it failed before":      {pending().pod("n", waiting("CrashLoopBackOff", "")), silent},
		"its settings":          {pending().pod("n", waiting("CreateContainerConfigError", missing)), says{ReasonContainerNotCreated, `"main" cannot be created on node "n": CreateContainerConfigError: ` + missing + ".", "environment"}},
		"its settings, secret":  {pending().secret().pod("n", waiting("CreateContainerConfigError", missing)), says{ReasonContainerNotCreated, missing, ""}},
		"its command":           {pending().pod("n", waiting("RunContainerError", `exec: "nosuch"`)), says{ReasonContainerNotCreated, `exec: "nosuch".`, ""}},
		"its command, secret":   {pending().secret().pod("n", waiting("RunContainerError", `exec: "hunter2"`)), says{ReasonContainerNotCreated, notShown, ""}},
		"it has ended meantime": {run(v1alpha1.PhaseFailed, v1alpha1.ReasonStartTimeout, "").pod("n", waiting("CreateContainerError", "x")), silent},
	})
}
