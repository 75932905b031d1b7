// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// disruption is how the platform, not the program, ended a pod. Its zero value means no disruption.
type disruption struct {
	// reason is the run's reason, a constant of v1alpha1.
	reason string
	// words is the platform's description.
	words string
}

// deletedPod is the disruption of a pod that somebody deleted.
var deletedPod = disruption{v1alpha1.ReasonDisrupted, "it was deleted"}

// These are reasons of the platform without a constant in k8s.io/api: in the condition DisruptionTarget (KEP-3329) and
// in a pod's status.reason. Each comment names its source in Kubernetes.
const (
	conditionEvictedByAPI  = "EvictionByEvictionAPI"  // pkg/registry/core/pod/storage: a drain
	conditionTaintManager  = "DeletionByTaintManager" // pkg/controller/tainteviction
	conditionPodGC         = "DeletionByPodGC"        // pkg/controller/podgc: the node is gone or out of service
	podEvicted             = "Evicted"                // pkg/kubelet/eviction: the node ran short of something
	podPreempted           = "Preempting"             // pkg/kubelet/preemption: for a critical pod
	podNodeShutdown        = "Terminated"             // pkg/kubelet/nodeshutdown: the pod ran
	podNodeShutdownRefused = "NodeShutdown"           // pkg/kubelet/nodeshutdown: it came too late
	podNodeLost            = "NodeLost"               // pkg/util/node: the kubelet does not answer
)

// byCondition and byStatus map the platform's reason on a pod to the reason of a run.
var (
	byCondition = map[string]string{
		corev1.PodReasonPreemptionByScheduler: v1alpha1.ReasonPreempted,
		conditionEvictedByAPI:                 v1alpha1.ReasonEvicted,
		conditionTaintManager:                 v1alpha1.ReasonEvicted,
		conditionPodGC:                        v1alpha1.ReasonNodeLost,
	}
	byStatus = map[string]string{
		podEvicted:             v1alpha1.ReasonEvicted,
		podPreempted:           v1alpha1.ReasonPreempted,
		podNodeShutdown:        v1alpha1.ReasonNodeShutdown,
		podNodeShutdownRefused: v1alpha1.ReasonNodeShutdown,
		podNodeLost:            v1alpha1.ReasonNodeLost,
	}
)

// disruptionOf returns how the platform ended a pod. The kubelet's condition always has the reason
// TerminationByKubelet; the pod's status.reason is more exact. So the status comes first, unless the condition is more
// exact.
func disruptionOf(pod *corev1.Pod) disruption {
	if _, _, is := templateLimit(pod); is {
		return disruption{}
	}
	condition := disruptionTarget(pod)
	if condition != nil {
		if reason, known := byCondition[condition.Reason]; known {
			return disruption{reason, condition.Reason + afterColon(condition.Message)}
		}
	}
	if reason, known := byStatus[pod.Status.Reason]; known {
		return disruption{reason, pod.Status.Reason + afterColon(pod.Status.Message)}
	}
	switch {
	case condition != nil:
		return disruption{v1alpha1.ReasonDisrupted, condition.Reason + afterColon(condition.Message)}
	case rejected(pod):
		return disruption{v1alpha1.ReasonPodRejected, pod.Status.Reason + afterColon(pod.Status.Message)}
	case deletedWhileItRan(pod):
		return deletedPod
	default:
		return disruption{}
	}
}

// disruptionTarget returns the condition that announces that the platform ends a pod.
func disruptionTarget(pod *corev1.Pod) *corev1.PodCondition {
	for i := range pod.Status.Conditions {
		if c := &pod.Status.Conditions[i]; c.Type == corev1.DisruptionTarget && c.Status == corev1.ConditionTrue {
			return c
		}
	}
	return nil
}

// rejected reports whether a kubelet refused the pod on admission (pkg/kubelet, rejectPod), with OutOfcpu,
// NodeAffinity, UnexpectedAdmissionError or another reason. Such a pod starts no container.
func rejected(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodFailed && pod.Status.Reason != "" && pod.Status.Reason != podDeadlineExceeded &&
		len(pod.Status.ContainerStatuses) == 0 && len(pod.Status.InitContainerStatuses) == 0
}

// deletedWhileItRan reports whether a pod's containers ended after somebody had deleted it. Containers that ended
// before had failed by themselves.
func deletedWhileItRan(pod *corev1.Pod) bool {
	if pod.DeletionTimestamp == nil {
		return false
	}
	_, ended := containerTimes(pod)
	return ended.IsZero() || !ended.Before(deletionAsked(pod))
}

// disruptedBefore returns from the mirror how the platform ended the last pod, if that pod is gone.
func disruptedBefore(o *Observation, v verdict) verdict {
	pods := o.Execution.Status.Pods
	if len(pods) == 0 {
		return v
	}
	last := decidingMirror(pods, v.phase)
	if limited, is := templateLimitBefore(last); is {
		return limited
	}
	reason, known := byCondition[last.Reason]
	if !known {
		reason, known = byStatus[last.Reason]
	}
	if last.Reason == corev1.PodReasonTerminationByKubelet {
		reason, known = v1alpha1.ReasonDisrupted, true
	}
	switch {
	case last.Reason == v1alpha1.ReasonDisrupted:
		v.reason, v.message = last.Reason, fmt.Sprintf("pod %s was ended by the platform: %s", last.Name, deletedPod.words)
	case known:
		v.reason, v.message = reason, fmt.Sprintf("pod %s was ended by the platform: %s", last.Name, last.Reason)
	case last.Phase == string(corev1.PodRunning) && last.Reason == "" && onePodAtATime(o.Job):
		v.reason, v.message = v1alpha1.ReasonDisrupted, fmt.Sprintf("pod %s is gone, and was last seen running: it was deleted", last.Name)
	}
	return v
}
