package explain

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
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

// restarting says of a pod that restarts its containers in place why one waits for its next start.
func restarting(o *Observation) (verdict, bool) {
	pod := o.waitingPod()
	if pod == nil {
		return verdict{}, false
	}
	for _, s := range statusesOf(pod) {
		if s.State.Waiting == nil || s.State.Waiting.Reason != reasonCrashLoop {
			continue
		}
		how := ""
		if t := s.LastTerminationState.Terminated; t != nil {
			how = fmt.Sprintf(": the last time it ended with exit code %d", t.ExitCode)
			if t.Reason == "OOMKilled" {
				how = ": the last time it was killed for using more memory than its limit"
			}
		}
		return verdict{
			ReasonRestarting,
			fmt.Sprintf("Its container %q failed and waits to be started again, after %s%s.", s.Name, times(s.RestartCount, "restart"), how),
			fmt.Sprintf("Read its log: GET /tasks/executions/%s/logs.", o.Execution.Name),
		}, true
	}
	return verdict{}, false
}

// containerWaiting repeats the status on a run of which nothing runs at present. The rules before know more where the
// pods could be read.
func containerWaiting(o *Observation) (verdict, bool) {
	status := &o.Execution.Status
	if status.Phase != v1alpha1.PhaseRunning || status.Reason != v1alpha1.ReasonContainerWaiting {
		return verdict{}, false
	}
	return verdict{
		v1alpha1.ReasonContainerWaiting,
		"Nothing of it runs at present, because its next container is not started" + because(status.Message) + ".",
		"Mend what it waits for; startTimeout of the Task ends the run otherwise.",
	}, true
}

// startFailed says that a container was never started. The status has the runtime's words, also when the pod is gone.
func startFailed(o *Observation) (verdict, bool) {
	if !o.hasFailed(v1alpha1.ReasonContainerNotStarted) {
		return verdict{}, false
	}
	return verdict{
		v1alpha1.ReasonContainerNotStarted,
		"It failed before its program ran" + because(o.Execution.Status.Message) + ".",
		"Look whether the command in the Task's jobTemplate is in the image and can be executed.",
	}, true
}
