package explain

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// volumes says which volume keeps the containers from being created. No status tells it, only Events.
func volumes(o *Observation) (verdict, bool) {
	pod := o.waitingPod()
	if pod == nil || hasBegun(pod) {
		return verdict{}, false
	}
	told := ""
	for i := range o.Events { // the newest first: what was in the way before an image was pulled is no more
		e := &o.Events[i]
		if e.InvolvedObject.UID != pod.UID {
			continue
		}
		switch e.Reason {
		case "Pulling", "Pulled", "Created", "Started":
			return volumesNotReady(pod, told), told != ""
		case "FailedMount", "FailedAttachVolume":
			if strings.HasPrefix(e.Message, mountsSum) && told == "" {
				told = e.Message // an older Event may name the cause
				continue
			}
			return volumesNotReady(pod, e.Message), true
		}
	}
	return volumesNotReady(pod, told), told != ""
}

// mountsSum begins the kubelet's sum of a failed mount, which names no cause.
const mountsSum = "Unable to attach or mount volumes"

func volumesNotReady(pod *corev1.Pod, why string) verdict {
	return verdict{
		ReasonVolumesNotReady,
		fmt.Sprintf("It does not run because a volume of its pod is not ready%s%s.", onNode(pod.Spec.NodeName), because(why)),
		"Look whether the ConfigMap, Secret or PersistentVolumeClaim of the Task's jobTemplate exists and can be mounted on that node.",
	}
}

// hasBegun reports whether a container of a pod runs or has run: the kubelet mounts a volume again from time to time, and
// may fail then.
func hasBegun(pod *corev1.Pod) bool {
	for _, s := range statusesOf(pod) {
		if s.State.Running != nil || s.State.Terminated != nil || s.LastTerminationState.Terminated != nil {
			return true
		}
	}
	return false
}
