// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/controllers/phrases"
)

// sensitive reports whether the run has sensitive params. Their values may be in what its program printed, and in the
// command line that a node quotes.
func (o *Observation) sensitive() bool { return o.Execution.Spec.SecretParams != nil }

// platformEvents are the reasons of Events whose messages quote neither the program nor its command line.
var platformEvents = map[string]bool{
	// Kubernetes' Job controller.
	"SuccessfulCreate": true, "FailedCreate": true, "SuccessfulDelete": true, "BackoffLimitExceeded": true,
	"DeadlineExceeded": true, "Completed": true, "Suspended": true, "Resumed": true, "PodFailurePolicy": true,
	// The scheduler, the kubelet and what evicts pods.
	"Scheduled": true, "FailedScheduling": true, "Preempted": true, "Pulling": true, "Pulled": true, "BackOff": true,
	"FailedMount": true, "FailedAttachVolume": true, "Killing": true, "Evicted": true, "TaintManagerEviction": true,
	"NodeNotReady": true,
}

// eventMessage returns the message of an Event. For a run with sensitive params, it does so only if the message cannot
// have their values. For example, the Event of a probe quotes the program's answer, and that of a failed start quotes
// the command line.
func (o *Observation) eventMessage(e *corev1.Event) phrases.Text {
	if o.sensitive() && !platformEvents[e.Reason] && !isPullMessage(e.Message) {
		return sayNotShown.With()
	}
	return phrases.Clause(e.Message)
}

// isPullMessage reports whether an Event is about a failed image pull. The kubelet uses the reason Failed for every
// failure of a container, so only the message can tell.
func isPullMessage(message string) bool {
	return strings.HasPrefix(message, "Failed to pull image ") || strings.HasPrefix(message, "Failed to inspect image ")
}

// waitingMessage returns why a container waits. The node's message may quote the command line. For a run with sensitive
// params, the message is returned only if its reason rules that out.
func (o *Observation) waitingMessage(w *corev1.ContainerStateWaiting) phrases.Text {
	if o.sensitive() && !isImageTrouble(w.Reason) && w.Reason != reasonCrashLoop && w.Reason != "CreateContainerConfigError" {
		return sayNotShown.With()
	}
	return phrases.Clause(w.Message)
}
