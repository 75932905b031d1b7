package follow

import (
	corev1 "k8s.io/api/core/v1"
)

// RunsOf lists the runs of one container in a pod that have a log to read, oldest first: the present one when
// it has started, and the one before it when the container was started again.
func RunsOf(pod *corev1.Pod, container string) []ContainerRun {
	var runs []ContainerRun
	podEnded := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
	for _, statuses := range [][]corev1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses} {
		for i := range statuses {
			s := &statuses[i]
			if s.Name != container {
				continue
			}
			run := ContainerRun{Namespace: pod.Namespace, Pod: pod.Name, PodUID: pod.UID, Container: s.Name, ContainerID: s.ContainerID}
			if t := s.LastTerminationState.Terminated; t != nil {
				before := run
				before.ContainerID, before.Previous, before.Ended = t.ContainerID, true, true
				runs = append(runs, before)
			}
			if s.State.Running != nil || s.State.Terminated != nil {
				run.Ended = podEnded || s.State.Terminated != nil
				runs = append(runs, run)
			}
		}
	}
	return runs
}
