// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/phrases"
)

// volumes says which volume keeps the containers from being created. Only Events have this information, not a status.
func volumes(o *Observation) (verdict, bool) {
	pod := o.waitingPod()
	if pod == nil || hasBegun(pod) {
		return verdict{}, false
	}
	summary := ""
	for i := range o.Events { // newest first: once the node pulls images, its volumes are mounted
		e := &o.Events[i]
		if e.InvolvedObject.UID != pod.UID {
			continue
		}
		switch e.Reason {
		case "Pulling", "Pulled", "Created", "Started":
			return volumesNotReady(pod, summary), summary != ""
		case "FailedMount", "FailedAttachVolume":
			if strings.HasPrefix(e.Message, mountSummary) && summary == "" {
				summary = e.Message // an older Event may have the cause
				continue
			}
			return volumesNotReady(pod, e.Message), true
		}
	}
	return volumesNotReady(pod, summary), summary != ""
}

// mountSummary begins the kubelet's summary of failed mounts, which has no cause.
const mountSummary = "Unable to attach or mount volumes"

func volumesNotReady(pod *corev1.Pod, why string) verdict {
	return verdict{ReasonVolumesNotReady, sayVolumes.With(onNode(pod.Spec.NodeName), because(why)), adviseVolumes.With()}
}

// hasBegun reports whether a container of the pod runs or has run. The kubelet remounts volumes from time to time. A
// failed remount does not keep the run from starting.
func hasBegun(pod *corev1.Pod) bool {
	for _, s := range statusesOf(pod) {
		if s.State.Running != nil || s.State.Terminated != nil || s.LastTerminationState.Terminated != nil {
			return true
		}
	}
	return false
}

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
			sayNotCreated.With(s.Name, onNode(pod.Spec.NodeName), w.Reason, becauseOf(o.waitingMessage(w))),
			adviseContainer.With(),
		}, true
	}
	return verdict{}, false
}

const reasonCrashLoop = "CrashLoopBackOff"

// isOrdinaryWait reports whether a container waits only until the node gets to it.
func isOrdinaryWait(reason string) bool {
	return reason == "" || reason == "ContainerCreating" || reason == "PodInitializing"
}

// restarting says how a container failed that waits for a restart in its pod.
func restarting(o *Observation) (verdict, bool) {
	pod := o.waitingPod()
	if pod == nil {
		return verdict{}, false
	}
	for _, s := range statusesOf(pod) {
		if s.State.Waiting == nil || s.State.Waiting.Reason != reasonCrashLoop {
			continue
		}
		how := phrases.Text{}
		if t := s.LastTerminationState.Terminated; t != nil {
			how = clauseLastExit.With(t.ExitCode)
			if t.Reason == "OOMKilled" {
				how = clauseLastOOM.With()
			}
		}
		return verdict{ReasonRestarting, sayRestarting.With(s.Name, restarts(s.RestartCount), how), adviseLog.With(o.Execution.Name)}, true
	}
	return verdict{}, false
}

// containerWaiting repeats the status of a run whose next container has not started. It applies if the pods could not
// be read. Otherwise a rule above has a better answer.
func containerWaiting(o *Observation) (verdict, bool) {
	status := &o.Execution.Status
	if status.Phase != v1alpha1.PhaseRunning || status.Reason != v1alpha1.ReasonContainerWaiting {
		return verdict{}, false
	}
	return verdict{v1alpha1.ReasonContainerWaiting, sayNextWaits.With(because(status.Message)), adviseWait.With()}, true
}

// startFailed says why a container was never started. The status keeps the runtime's message after the pod is gone.
func startFailed(o *Observation) (verdict, bool) {
	if !o.hasFailed(v1alpha1.ReasonContainerNotStarted) {
		return verdict{}, false
	}
	return verdict{v1alpha1.ReasonContainerNotStarted, sayStartFailed.With(because(o.Execution.Status.Message)), adviseCommand.With()}, true
}
