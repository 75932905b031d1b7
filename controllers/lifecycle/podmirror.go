package lifecycle

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// maxPods kept in status, the newest.
const maxPods = 10

// mirrorPods keeps what is worth knowing of each pod, also when the pod is gone. A pod enters when a
// container of it has started or it has ended; until then, status.message says what it waits for, and a
// write for each step of its start would tell nothing more.
func mirrorPods(o *Observation, f facts, status *v1alpha1.TaskExecutionStatus) {
	var attempts int32
	for _, pod := range o.Pods {
		from, to := containerTimes(pod)
		if from.IsZero() && !podEnded(pod) {
			continue
		}
		m := mirrorPod(pod, f.limits.Container)
		if !from.IsZero() {
			attempts += 1 + m.Restarts
			m.StartTime = &metav1.Time{Time: from}
		}
		if podEnded(pod) && !to.IsZero() {
			m.FinishTime = &metav1.Time{Time: to}
		}
		status.Pods = upsert(status.Pods, m)
	}
	status.Attempts = max(status.Attempts, attempts)
	if over := len(status.Pods) - maxPods; over > 0 {
		status.Pods = status.Pods[over:]
	}
	if n := len(status.Pods); n > 0 && (status.Phase.IsTerminal() || status.Reason == v1alpha1.ReasonRetrying) {
		status.ExitCode = status.Pods[n-1].ExitCode
	}
}

func upsert(pods []v1alpha1.PodMirror, m v1alpha1.PodMirror) []v1alpha1.PodMirror {
	for i := range pods {
		if pods[i].UID == m.UID {
			pods[i] = m
			return pods
		}
	}
	return append(pods, m)
}

func mirrorPod(pod *corev1.Pod, container string) v1alpha1.PodMirror {
	m := v1alpha1.PodMirror{
		Name:   pod.Name,
		UID:    pod.UID,
		Phase:  string(pod.Status.Phase),
		Node:   pod.Spec.NodeName,
		Reason: podReason(pod, container),
	}
	for i := range pod.Status.ContainerStatuses {
		m.Restarts += pod.Status.ContainerStatuses[i].RestartCount
	}
	if t := decisive(pod, container); t != nil && podEnded(pod) {
		m.ExitCode = &t.state.ExitCode
	}
	return m
}

// termination is how one container ended.
type termination struct {
	container string
	state     *corev1.ContainerStateTerminated
}

// decisive picks the container whose end decided the pod's: the first that failed, init containers first,
// since nothing runs after a failed one; where none failed, the task's own.
func decisive(pod *corev1.Pod, container string) *termination {
	var own *termination
	for _, statuses := range [][]corev1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses} {
		for i := range statuses {
			state := statuses[i].State.Terminated
			if state == nil {
				continue
			}
			t := &termination{container: statuses[i].Name, state: state}
			if state.ExitCode != 0 {
				if own == nil || statuses[i].Name == container || own.state.ExitCode == 0 {
					own = t
				}
				continue
			}
			if statuses[i].Name == container && own == nil {
				own = t
			}
		}
	}
	return own
}

// podReason says in Kubernetes' words why a pod ended or waits, empty when there is nothing to say.
func podReason(pod *corev1.Pod, container string) string {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.DisruptionTarget && c.Status == corev1.ConditionTrue {
			return c.Reason
		}
	}
	if pod.Status.Reason != "" {
		return pod.Status.Reason
	}
	if t := decisive(pod, container); t != nil {
		return t.state.Reason
	}
	return ""
}
