// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"encoding/json"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/logs/parse"
)

// These are the bounds of a termination message in bytes: pkg/kubelet/container/runtime.go. A kubelet reads the end of
// what a container wrote. If a pod has many containers, it passes on only the beginning of that.
const (
	maxTerminationMessage    = 4 << 10
	maxTerminationMessagePod = 12 << 10
	// terminationMessageError is the beginning of the kubelet's message about a file that it cannot read
	// (pkg/kubelet/kuberuntime/kuberuntime_container.go).
	terminationMessageError = "Error on reading termination log "
)

// mirrorResult keeps the termination message when a run ends. It is written once: later the pod may be gone.
func mirrorResult(o *Observation, f facts, status *v1alpha1.TaskExecutionStatus) {
	if !status.Phase.IsTerminal() || o.Execution.Status.Phase.IsTerminal() {
		return
	}
	pod := decidingPodOf(o, f, status)
	if pod == nil {
		return
	}
	message := terminationMessage(pod, f.snapshot.Container)
	truncated := len(message) >= terminationMessageLimit(pod) && !isDocument(message)
	written := message
	if truncated { // possibly within a character, at either end
		written = parse.Mended(message)
	}
	raw := parse.Result(written)
	if raw == nil {
		return
	}
	if truncated {
		status.ResultTruncated = true
		note := fmt.Sprintf("the result has %d bytes, the most that a kubelet hands on; more may have been written", len(message))
		if status.Message != "" {
			note = status.Message + "; " + note
		}
		status.Message = clip(note, maxMessage)
	}
	// A sensitive value cannot be redacted while it is unknown, or if it was cut.
	if o.Execution.Spec.SecretParams == nil || (o.Redact != nil && !truncated) {
		status.Result = o.Redact.JSON(&apiextensionsv1.JSON{Raw: raw})
	}
}

// terminationMessage returns what a container wrote itself. If a container never ran, its message is the runtime's. If
// it failed, its message may be the end of its log, if the template asks for that. Neither is a result.
func terminationMessage(pod *corev1.Pod, container string) string {
	for i := range pod.Status.ContainerStatuses {
		s := &pod.Status.ContainerStatuses[i]
		t := s.State.Terminated
		if s.Name != container || t == nil {
			continue
		}
		ran := !t.StartedAt.IsZero() && t.StartedAt.Unix() > 0
		logs := t.ExitCode != 0 && fallsBackToLogs(pod, container)
		if !ran || logs || strings.HasPrefix(t.Message, terminationMessageError) {
			return ""
		}
		return t.Message
	}
	return ""
}

func fallsBackToLogs(pod *corev1.Pod, container string) bool {
	for i := range pod.Spec.Containers {
		if c := &pod.Spec.Containers[i]; c.Name == container {
			return c.TerminationMessagePolicy == corev1.TerminationMessageFallbackToLogsOnError
		}
	}
	return false
}

func terminationMessageLimit(pod *corev1.Pod) int {
	containers := len(pod.Spec.Containers) + len(pod.Spec.InitContainers) + len(pod.Spec.EphemeralContainers)
	return min(maxTerminationMessage, maxTerminationMessagePod/max(containers, 1))
}

// isDocument reports whether a text is a whole JSON object or list, so that neither end is missing.
func isDocument(text string) bool {
	text = strings.Trim(strings.TrimPrefix(text, "\ufeff"), " \t\r\n")
	return text != "" && (text[0] == '{' || text[0] == '[') && json.Valid([]byte(text))
}
