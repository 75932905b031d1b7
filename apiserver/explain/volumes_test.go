package explain

import (
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestVolumes(t *testing.T) {
	const words = `MountVolume.SetUp failed for volume "c": configmap "missing" not found`
	pending := func() *observed {
		return run(v1alpha1.PhasePending, v1alpha1.ReasonJobCreated, "").pod("n", waiting("ContainerCreating", ""))
	}
	ask(t, volumes, map[string]asked{
		"nothing is wrong":  {pending().event("Pod", "Scheduled", "x"), silent},
		"it cannot mount":   {pending().event("Pod", "FailedMount", words), says{ReasonVolumesNotReady, `configmap "missing" not found.`, "ConfigMap"}},
		"it cannot attach":  {pending().event("Pod", "FailedAttachVolume", "in use"), says{ReasonVolumesNotReady, "in use.", ""}},
		"it could, at last": {pending().event("Pod", "Pulling", "x").event("Pod", "FailedMount", words), silent},
		"another object's":  {pending().event("Job", "FailedMount", words), silent},
		"it runs":           {run(v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted, "").pod("n", runs()).event("Pod", "FailedMount", words), silent},
	})
}
