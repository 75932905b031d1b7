package explain

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// sensitive: the run has sensitive params, so that what its program printed, and the command line that a node quotes,
// may have their values.
func (o *Observation) sensitive() bool { return o.Execution.Spec.SecretParams != nil }

const notShown = "its message is not shown, because the run has sensitive params"

// platformEvents are written without a word of the program or its command line.
var platformEvents = map[string]bool{
	// Of the Job controller.
	"SuccessfulCreate": true, "FailedCreate": true, "SuccessfulDelete": true, "BackoffLimitExceeded": true,
	"DeadlineExceeded": true, "Completed": true, "Suspended": true, "Resumed": true, "PodFailurePolicy": true,
	// Of the scheduler, the node and those who evict.
	"Scheduled": true, "FailedScheduling": true, "Preempted": true, "Pulling": true, "Pulled": true, "BackOff": true,
	"FailedMount": true, "FailedAttachVolume": true, "Killing": true, "Evicted": true, "TaintManagerEviction": true,
	"NodeNotReady": true,
}

// eventMessage of the Event. Of a run with sensitive params only what cannot have their values: a probe's Event
// quotes what the program answered, and one of a container that could not be started its command line.
func (o *Observation) eventMessage(e *corev1.Event) string {
	if o.sensitive() && !platformEvents[e.Reason] && !isPullMessage(e.Message) {
		return notShown
	}
	return e.Message
}

// isPullMessage: the kubelet has one reason, Failed, for all that fails with a container.
func isPullMessage(message string) bool {
	return strings.HasPrefix(message, "Failed to pull image ") || strings.HasPrefix(message, "Failed to inspect image ")
}

// waitingMessage of a node. It may quote the command line, in which a sensitive param may stand.
func (o *Observation) waitingMessage(w *corev1.ContainerStateWaiting) string {
	if o.sensitive() && !isImageTrouble(w.Reason) && w.Reason != reasonCrashLoop && w.Reason != "CreateContainerConfigError" {
		return notShown
	}
	return w.Message
}
