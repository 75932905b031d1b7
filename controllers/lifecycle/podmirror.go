// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"regexp"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

// maxPods is how many pods the status keeps: the deciding one and the newest.
const maxPods = 10

// mirrorPods keeps the essentials of each pod, even after the pod is gone. A pod is added when one of its containers
// has started, or when it has ended. Until then status.message says what it waits for, so that the steps of its start
// cause no writes.
func mirrorPods(o *Observation, f facts, status *v1alpha1.TaskExecutionStatus) {
	attempts := goneAttempts(o, status.Pods)
	for _, pod := range o.Pods {
		from, to := containerTimes(pod)
		if from.IsZero() && !podEnded(pod) {
			continue
		}
		m := mirrorPod(o, pod, f.snapshot.Container)
		if !from.IsZero() {
			attempts += 1 + restarts(pod, f.snapshot.Container)
			m.StartTime = &metav1.Time{Time: from}
		}
		if podEnded(pod) && !to.IsZero() {
			m.FinishTime = &metav1.Time{Time: to}
		}
		status.Pods = upsert(status.Pods, m)
	}
	settleMirror(o, f, status)
	status.Attempts = max(status.Attempts, attempts)
	status.Disruptions = max(status.Disruptions, disruptions(status.Pods))
	markDecidingPod(o, f, status)
	status.Pods = newest(o, status.Pods)
}

// recordVanishingPods records the ends of pods that are about to vanish, even if nothing else is reported. When a
// deleted pod is gone, nobody can tell how it ended.
func recordVanishingPods(o *Observation, f facts, status *v1alpha1.TaskExecutionStatus) {
	s := &o.Execution.Status
	if s.Phase == "" || s.Phase.IsTerminal() || s.ObservedGeneration != o.Execution.Generation || o.Execution.DeletionTimestamp != nil {
		return
	}
	vanishing := slices.ContainsFunc(o.Pods, func(pod *corev1.Pod) bool {
		return pod.DeletionTimestamp != nil && podEnded(pod) && !slices.ContainsFunc(s.Pods, func(m v1alpha1.PodMirror) bool {
			return m.UID == pod.UID && (m.Phase == string(corev1.PodFailed) || m.Phase == string(corev1.PodSucceeded))
		})
	})
	if vanishing {
		mirrorPods(o, f, status)
	}
}

// newest sorts the mirror by the start of the pods, and keeps the deciding pod and the newest ones.
func newest(o *Observation, pods []v1alpha1.PodMirror) []v1alpha1.PodMirror {
	began := func(m *v1alpha1.PodMirror) time.Time {
		pod := seenPod(o, m)
		switch {
		case m.StartTime != nil:
			return m.StartTime.Time
		case pod != nil:
			return pod.CreationTimestamp.Time
		case m.FinishTime != nil:
			return m.FinishTime.Time
		default:
			return time.Time{}
		}
	}
	slices.SortStableFunc(pods, func(a, b v1alpha1.PodMirror) int { return began(&a).Compare(began(&b)) })
	for len(pods) > maxPods {
		drop := 0
		if pods[0].Deciding {
			drop = 1
		}
		pods = slices.Delete(pods, drop, drop+1)
	}
	return pods
}

// markDecidingPod marks the deciding pod and gives the run its exit code. Both stay once the run has ended, except that
// an unknown exit code may become known later. Between two attempts it is the exit code of the failed one.
func markDecidingPod(o *Observation, f facts, status *v1alpha1.TaskExecutionStatus) {
	switch {
	case o.Execution.Status.Phase.IsTerminal() && status.ExitCode != nil:
	case status.Phase.IsTerminal():
		m := status.DecidingPod()
		if m == nil {
			m = decidingMirror(status.Pods, status.Phase)
			if pod := decidingPodOf(o, f, status); pod != nil {
				m = mirrorOf(status.Pods, pod)
			}
		}
		if m != nil {
			m.Deciding, status.ExitCode = true, m.ExitCode
		}
	case status.Reason == v1alpha1.ReasonRetrying:
		if pod, _ := retrying(o, f); pod != nil {
			if m := mirrorOf(status.Pods, pod); m != nil {
				status.ExitCode = m.ExitCode
			}
		}
	}
}

func mirrorOf(pods []v1alpha1.PodMirror, pod *corev1.Pod) *v1alpha1.PodMirror {
	for i := range pods {
		if pods[i].UID == pod.UID {
			return &pods[i]
		}
	}
	return nil
}

// decidingMirror returns the deciding pod from the mirror if all ended pods are gone: the last one that ended as the
// run did, or else the last one.
func decidingMirror(pods []v1alpha1.PodMirror, phase v1alpha1.Phase) *v1alpha1.PodMirror {
	like := string(corev1.PodFailed)
	if phase == v1alpha1.PhaseCompleted {
		like = string(corev1.PodSucceeded)
	}
	for i := len(pods) - 1; i >= 0; i-- {
		if pods[i].Phase == like && pods[i].Reason != v1alpha1.ReasonJobSuspended {
			return &pods[i]
		}
	}
	if len(pods) == 0 {
		return nil
	}
	return &pods[len(pods)-1]
}

// disruptions counts the pods that the platform ended, or that ended because their Job was suspended.
func disruptions(pods []v1alpha1.PodMirror) (n int32) {
	for i := range pods {
		reason := pods[i].Reason
		_, byPlatform := byCondition[reason]
		_, byNode := byStatus[reason]
		if byPlatform || byNode || reason == corev1.PodReasonTerminationByKubelet || reason == v1alpha1.ReasonJobSuspended {
			n++
		}
	}
	return n
}

// goneAttempts counts the pods that started a container and are gone, or no longer say so.
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

func upsert(pods []v1alpha1.PodMirror, m v1alpha1.PodMirror) []v1alpha1.PodMirror {
	for i := range pods {
		if pods[i].UID == m.UID {
			m.Deciding = pods[i].Deciding
			if pods[i].Reason == v1alpha1.ReasonJobSuspended {
				m.Phase, m.Reason = pods[i].Phase, pods[i].Reason
			}
			pods[i] = m
			return pods
		}
	}
	return append(pods, m)
}

func mirrorPod(o *Observation, pod *corev1.Pod, container string) v1alpha1.PodMirror {
	m := v1alpha1.PodMirror{
		Name:   pod.Name,
		UID:    pod.UID,
		Index:  jobspec.IndexOf(pod),
		Phase:  string(pod.Status.Phase),
		Node:   pod.Spec.NodeName,
		Reason: podReason(pod, container),
	}
	for i := range pod.Status.ContainerStatuses {
		s := &pod.Status.ContainerStatuses[i]
		m.Restarts += s.RestartCount
		if s.Name == container {
			m.ImageDigest = digestOf(s.ImageID)
		}
	}
	if _, end := howItEnded(o.Job, pod, container); end != nil && podEnded(pod) {
		m.ExitCode = &end.ExitCode
	}
	if podEnded(pod) && disruptionOf(pod) == deletedPod && onePodAtATime(o.Job) {
		m.Reason = v1alpha1.ReasonDisrupted // nobody can tell after the pod is gone
	}
	return m
}

// imageDigest is the digest at the end of an imageID (the grammar of the OCI image specification, at most as long as the
// field of the status). Runtimes give it with a repository before it, or alone.
var imageDigest = regexp.MustCompile(`(?:^|@)([a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]{1,128})$`)

// digestOf returns the digest in a container's imageID, or empty if there is none.
func digestOf(imageID string) string {
	if found := imageDigest.FindStringSubmatch(imageID); len(found) == 2 && len(found[1]) <= maxDigest {
		return found[1]
	}
	return ""
}

// maxDigest is the bound of the field in bytes.
const maxDigest = 200

// podReason returns why a pod ended or waits in Kubernetes' words, or empty.
func podReason(pod *corev1.Pod, container string) string {
	if c := disruptionTarget(pod); c != nil {
		return c.Reason
	}
	if reason, _, is := templateLimit(pod); is {
		return reason // Kubernetes' own reason would describe another end
	}
	if pod.Status.Reason != "" {
		return pod.Status.Reason
	}
	if c := jobspec.Decisive(pod, container); c != nil {
		return c.State.Terminated.Reason
	}
	return ""
}
