package explain

import (
	"fmt"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// volumes says which volume keeps the containers from being created. No status tells it, only Events.
func volumes(o *Observation) (verdict, bool) {
	pod := o.waitingPod()
	if pod == nil || o.Execution.Status.Phase != v1alpha1.PhasePending {
		return verdict{}, false
	}
	for i := range o.Events { // the newest first: what was in the way before an image was pulled is no more
		e := &o.Events[i]
		if e.InvolvedObject.UID != pod.UID {
			continue
		}
		switch e.Reason {
		case "Pulling", "Pulled", "Created", "Started":
			return verdict{}, false
		case "FailedMount", "FailedAttachVolume":
			return verdict{
				ReasonVolumesNotReady,
				fmt.Sprintf("It does not run because a volume of its pod is not ready%s%s.", onNode(pod.Spec.NodeName), because(e.Message)),
				"Look whether the ConfigMap, Secret or PersistentVolumeClaim of the Task's jobTemplate exists and can be mounted on that node.",
			}, true
		}
	}
	return verdict{}, false
}
