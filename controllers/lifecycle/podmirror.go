package lifecycle

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

// maxPods kept in status, the newest.
const maxPods = 10

// mirrorPods keeps what is worth knowing of each pod, also when the pod is gone. A pod enters when a
// container of it has started or it has ended; until then, status.message says what it waits for, and a
// write for each step of its start would tell nothing more.
func mirrorPods(o *Observation, f facts, status *v1alpha1.TaskExecutionStatus) {
	attempts := goneAttempts(o, status.Pods)
	for _, pod := range o.Pods {
		from, to := containerTimes(pod)
		if from.IsZero() && !podEnded(pod) {
			continue
		}
		m := mirrorPod(pod, f.limits.Container)
		if !from.IsZero() {
			attempts += 1 + restarts(pod, f.limits.Container)
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
	told := o.Execution.Status.Phase.IsTerminal() && status.ExitCode != nil // that of a run that has ended stands
	if n := len(status.Pods); n > 0 && !told && (status.Phase.IsTerminal() || status.Reason == v1alpha1.ReasonRetrying) {
		status.ExitCode = status.Pods[n-1].ExitCode
	}
}

// goneAttempts counts the pods that started something and do not tell of it any more. Most are gone: of an evicted one
// the Job makes another.
func goneAttempts(o *Observation, mirrored []v1alpha1.PodMirror) (n int32) {
	for i := range mirrored {
		m := &mirrored[i]
		told := slices.ContainsFunc(o.Pods, func(pod *corev1.Pod) bool {
			from, _ := containerTimes(pod)
			return pod.UID == m.UID && !from.IsZero()
		})
		if !told && m.StartTime != nil {
			n++
		}
	}
	return n
}

// restarts of the task's own container in place.
func restarts(pod *corev1.Pod, container string) int32 {
	for i := range pod.Status.ContainerStatuses {
		if s := &pod.Status.ContainerStatuses[i]; s.Name == container {
			return s.RestartCount
		}
	}
	return 0
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
	if c := jobspec.Decisive(pod, container); c != nil && podEnded(pod) {
		m.ExitCode = &c.State.Terminated.ExitCode
	}
	return m
}

// podReason says in Kubernetes' words why a pod ended or waits, empty when there is nothing to say.
func podReason(pod *corev1.Pod, container string) string {
	if c := disruptionTarget(pod); c != nil {
		return c.Reason
	}
	if reason, _, is := templateLimit(pod); is {
		return reason // Kubernetes' word would be that of another end
	}
	if pod.Status.Reason != "" {
		return pod.Status.Reason
	}
	if c := jobspec.Decisive(pod, container); c != nil {
		return c.State.Terminated.Reason
	}
	return ""
}
