package explain

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

// notCreated says why a node cannot create or start a container.
func notCreated(o *Observation) (verdict, bool) {
	pod := o.waitingPod()
	if pod == nil {
		return verdict{}, false
	}
	for _, s := range statusesOf(pod) {
		w := s.State.Waiting
		if w == nil || isOrdinaryWait(w.Reason) || w.Reason == reasonCrashLoop || isImageTrouble(w.Reason) {
			continue
		}
		return verdict{
			ReasonContainerNotCreated,
			fmt.Sprintf("It does not run because the container %q cannot be created%s: %s%s.", s.Name, onNode(pod.Spec.NodeName), w.Reason, because(o.waitingMessage(w))),
			"Look at the command, the image, and the ConfigMaps and Secrets that the container's environment in the Task's jobTemplate refers to.",
		}, true
	}
	return verdict{}, false
}

const reasonCrashLoop = "CrashLoopBackOff"

// isOrdinaryWait: a container that only waits for its turn.
func isOrdinaryWait(reason string) bool {
	return reason == "" || reason == "ContainerCreating" || reason == "PodInitializing"
}

// waitingMessage of a node. It may quote the command line, in which a sensitive param may stand.
func (o *Observation) waitingMessage(w *corev1.ContainerStateWaiting) string {
	if o.sensitive() && !isImageTrouble(w.Reason) && w.Reason != reasonCrashLoop && w.Reason != "CreateContainerConfigError" {
		return notShown
	}
	return w.Message
}
