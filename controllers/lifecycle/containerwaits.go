// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// These are the kubelet's reasons for a container that waits (pkg/kubelet/kuberuntime, pkg/kubelet/kubelet_pods.go),
// and for one that the runtime could not start (containerd, docker).
const (
	waitsCrashLoop    = "CrashLoopBackOff"
	waitsConfigError  = "CreateContainerConfigError"
	endedStartError   = "StartError"
	endedCannotRun    = "ContainerCannotRun"
	podSandboxIsReady = "PodReadyToStartContainers" // corev1.PodReadyToStartContainers: volumes are mounted and the sandbox exists
)

// containerWaits says what a container waits for. It is empty if the wait is normal and short.
func containerWaits(o *Observation, s *corev1.ContainerStatus) string {
	w := s.State.Waiting
	if w == nil {
		return ""
	}
	switch w.Reason {
	case "", "ContainerCreating", "PodInitializing":
		return ""
	case waitsCrashLoop:
		// The kubelet's message includes the backoff, which changes all the time.
		how := ""
		if t := s.LastTerminationState.Terminated; t != nil {
			how = fmt.Sprintf(" ended with exit code %d, and", t.ExitCode)
			if !hasRun(t) {
				how = " could not be started" + afterColon(runtimeCause(o, t.Message)) + "; it"
			}
		}
		return fmt.Sprintf("%s: container %q%s is to be started again", w.Reason, s.Name, how)
	case waitsConfigError: // it names what is missing and does not quote the command line
		return fmt.Sprintf("%s: container %q%s", w.Reason, s.Name, afterColon(w.Message))
	default:
		return fmt.Sprintf("%s: container %q%s", w.Reason, s.Name, afterColon(runtimeCause(o, w.Message)))
	}
}

// wrappers are what containerd and runc put before the cause.
var wrappers = []string{
	"failed to create containerd task: ", "failed to create shim task: ", "OCI runtime create failed: ", "runc create failed: ",
	"unable to start container process: ", "error during container init: ", "failed to start container process: ",
}

// runtimeCause returns the cause from the message of a runtime that could not start a container. Such messages quote
// the command line, which may contain a sensitive param. For a run with sensitive params it returns nothing.
func runtimeCause(o *Observation, message string) string {
	if o.Execution.Spec.SecretParams != nil {
		return ""
	}
	from := 0
	for _, wrapper := range wrappers {
		if at := strings.LastIndex(message, wrapper); at >= 0 {
			from = max(from, at+len(wrapper))
		}
	}
	return strings.TrimSuffix(strings.TrimSpace(message[from:]), ": unknown")
}

// notStarted reports whether the deciding container was never started because its runtime could not. No program ran,
// and the exit code is the runtime's.
func notStarted(o *Observation, name string, t *corev1.ContainerStateTerminated) (message string, is bool) {
	if t == nil || hasRun(t) || (t.Reason != endedStartError && t.Reason != endedCannotRun) {
		return "", false
	}
	return fmt.Sprintf("container %q could not be started%s", name, afterColon(runtimeCause(o, t.Message))), true
}

// withWaitReason adds to a verdict why the next container does not start.
func withWaitReason(o *Observation, f facts, v verdict) verdict {
	why := waitingFor(o, f)
	if f.last != nil && podEnded(f.last) {
		why = o.PodsRefused
	}
	if why == "" {
		return v
	}
	if v.message != "" {
		v.message += "; the next one waits: " + why
		return v
	}
	v.message = why
	if _, waits := waitsToStart(o, f); waits && v.reason == v1alpha1.ReasonContainerStarted {
		v.reason = v1alpha1.ReasonContainerWaiting
	}
	return v
}
