// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// statusOf sets a pod's status with the texts of Kubernetes 1.37.
func statusOf(reason, message, conditionReason, conditionMessage string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		pod.Status.Phase, pod.Status.Reason, pod.Status.Message = corev1.PodFailed, reason, message
		if conditionReason != "" {
			pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{
				Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: conditionReason, Message: conditionMessage,
			})
		}
	}
}

// deletedAt deletes a pod some time before noon, with ten seconds of grace.
func deletedAt(ago time.Duration) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		pod.DeletionGracePeriodSeconds = ptr.To[int64](10)
		pod.DeletionTimestamp = ptr.To(metav1.NewTime(noon.Add(10*time.Second - ago)))
	}
}

// oomKilled adds a container that the kernel killed.
func oomKilled(name string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		killed := containerEnded(name, 137)
		killed.State.Terminated.Reason = "OOMKilled"
		pod.Status.Phase = corev1.PodFailed
		pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, killed)
	}
}

// sidecar adds a restartable init container that ended with a code, together with its pod.
func sidecar(code int32, reason string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		pod.Spec.InitContainers = []corev1.Container{{Name: "proxy", RestartPolicy: ptr.To(corev1.ContainerRestartPolicyAlways)}}
		ended := containerEnded("proxy", code)
		ended.State.Terminated.Reason = reason
		pod.Status.InitContainerStatuses = []corev1.ContainerStatus{ended}
	}
}

func TestFailureIsTheProgramsOrThePlatforms(t *testing.T) {
	failed := func(changes ...func(*corev1.Pod)) *scene {
		return given().job().pod(changes...).counted(0, 1).jobEnds(batchv1.JobFailed, "BackoffLimitExceeded")
	}
	mirrored := func(reason string) *scene {
		s := given().job().counted(0, 1).jobEnds(batchv1.JobFailed, "BackoffLimitExceeded")
		s.Execution.Status.Pods = []v1alpha1.PodMirror{{Name: "run-0", UID: "gone", Phase: "Running", Reason: reason}}
		return s
	}
	table{
		"kubelet: short of memory": {
			failed(exited(137), statusOf("Evicted", "The node was low on resource: memory.", "TerminationByKubelet", "The node was low on resource: memory.")),
			"Failed/Evicted", "pod run-a was ended by the platform: Evicted: The node was low on resource: memory.",
		},
		"kubelet: a pod over its ephemeral storage limit": {
			failed(exited(137), statusOf("Evicted", "Pod ephemeral local storage usage exceeds the total limit of containers 1Mi.", "", "")),
			"Failed/StorageLimitExceeded", "exceeds the total limit",
		},
		"kubelet: for a critical pod": {
			failed(exited(137), statusOf("Preempting", "Preempted in order to admit critical pod", "TerminationByKubelet", "Pod was preempted by Kubelet to accommodate a critical pod.")),
			"Failed/Preempted", "Preempting: Preempted in order to admit critical pod",
		},
		"kubelet: the node shuts down": {
			failed(exited(143), statusOf("Terminated", "Pod was terminated in response to imminent node shutdown.", "TerminationByKubelet", "")),
			"Failed/NodeShutdown", "imminent node shutdown",
		},
		"kubelet: it came while the node shuts down": {
			failed(onNode, statusOf("NodeShutdown", "Pod was rejected as the node is shutting down.", "", "")),
			"Failed/NodeShutdown", "rejected",
		},
		"kubelet: a word of a later version": {
			failed(exited(143), statusOf("", "", "TerminationByKubelet", "for a new reason")), "Failed/Disrupted", "TerminationByKubelet: for a new reason",
		},
		"kubelet: no room after all":                             {failed(onNode, statusOf("OutOfcpu", "Node didn't have enough resource: cpu", "", "")), "Failed/PodRejected", "OutOfcpu"},
		"scheduler: preemption":                                  {failed(exited(143), statusOf("", "", "PreemptionByScheduler", "default-scheduler: preempting to accommodate a higher priority pod")), "Failed/Preempted", "higher priority"},
		"API: a drain":                                           {failed(exited(143), deletedAt(5*time.Second), statusOf("", "", "EvictionByEvictionAPI", "Eviction API: evicting")), "Failed/Evicted", "Eviction API"},
		"taint manager":                                          {failed(exited(143), deletedAt(5*time.Second), statusOf("", "", "DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint")), "Failed/Evicted", "NoExecute"},
		"pod GC: the node is gone":                               {failed(runningFor(time.Minute), statusOf("", "", "DeletionByPodGC", "PodGC: node no longer exists")), "Failed/NodeLost", "node no longer exists"},
		"node lifecycle: it is silent":                           {failed(runningFor(time.Minute), statusOf("NodeLost", "Node node which was running pod run-a is unresponsive", "", "")), "Failed/NodeLost", "unresponsive"},
		"somebody deleted the pod":                               {failed(exited(143), deletedAt(5*time.Second)), "Failed/Disrupted", "it was deleted"},
		"deleted after it had failed":                            {failed(exited(3), deletedAt(0)), "Failed/NonZeroExit", "exit code 3"},
		"a parallel Job cleans up":                               {parallel(failed(exited(143), deletedAt(5*time.Second))), "Failed/NonZeroExit", "exit code 143"},
		"a pod that is gone, as mirrored":                        {mirrored("DeletionByTaintManager"), "Failed/Evicted", "pod run-0"},
		"gone, for the kubelet's reasons":                        {mirrored("TerminationByKubelet"), "Failed/Disrupted", "pod run-0"},
		"gone, and nothing is known":                             {mirrored("Error"), "Failed/JobFailed", "in its words"},
		"gone, and last seen running":                            {seen(mirrored(""), corev1.PodRunning), "Failed/Disrupted", "was last seen running"},
		"gone, and seen to have ended":                           {seen(mirrored(""), corev1.PodFailed), "Failed/JobFailed", "in its words"},
		"gone, of several at a time":                             {parallel(seen(mirrored(""), corev1.PodRunning)), "Failed/JobFailed", "in its words"},
		"the program: out of memory":                             {failed(onNode, oomKilled("main")), "Failed/OOMKilled", `container "main"`},
		"a helper: out of memory":                                {failed(exited(0), alsoEnded("other", 0), oomKilled("helper")), "Failed/OOMKilled", `container "helper"`},
		"the program failed, and a helper was out of memory":     {failed(exited(3), oomKilled("helper")), "Failed/NonZeroExit", `container "main" ended with exit code 3`},
		"the program failed, and a sidecar was out of memory":    {failed(exited(3), sidecar(137, "OOMKilled")), "Failed/NonZeroExit", `container "main" ended with exit code 3`},
		"the program was out of memory, and a sidecar went last": {failed(onNode, sidecar(143, "Error"), oomKilled("main")), "Failed/OOMKilled", `container "main"`},
	}.run(t)
}

// seen sets the phase of the mirrored pod.
func seen(s *scene, phase corev1.PodPhase) *scene {
	s.Execution.Status.Pods[0].Phase = string(phase)
	return s
}

func parallel(s *scene) *scene {
	s.Job.Spec.Parallelism = ptr.To[int32](2)
	return s
}

// A sidecar gets SIGTERM after the program ended well. Its exit code may reflect that.
func TestExitCodeIsNotTheSidecars(t *testing.T) {
	s := given().job().pod(exited(0), sidecar(143, "Error")).counted(1, 0).jobEnds(batchv1.JobComplete, "")
	status := Decide(s.Observation).Status
	if status.ExitCode == nil || *status.ExitCode != 0 || status.Pods[0].Reason != "Error" {
		t.Errorf("exit code %v, pods %+v", status.ExitCode, status.Pods)
	}
}

// A Job does not count pods that its podFailurePolicy ignores. Waiting for it to count them would never end.
func TestCountingWithAPodFailurePolicy(t *testing.T) {
	tracked := func(pod *corev1.Pod) { pod.Finalizers = []string{batchv1.JobTrackingFinalizer} }
	retrying := func() *scene {
		return given().task(func(s *v1alpha1.TaskSpec) { s.RetryOnDisruption = true }).job()
	}
	uncounted := func(s *scene, u batchv1.UncountedTerminatedPods) *scene {
		s.Job.Status.UncountedTerminatedPods = &u
		return s
	}
	for name, c := range map[string]struct {
		scene *scene
		waits bool
	}{
		"nothing has ended":                {retrying().pod(runningFor(0), tracked), false},
		"the Job has not seen it":          {retrying().pod(exited(143), disruptedBy("PreemptionByScheduler"), tracked), true},
		"the Job has ignored it":           {retrying().pod(exited(143), disruptedBy("PreemptionByScheduler")), false},
		"ignored, and the next one runs":   {retrying().pod(exited(143), reasonIs("Evicted")).pod(runningFor(0), tracked), false},
		"ignored, and the next one failed": {retrying().pod(exited(143), reasonIs("Evicted")).pod(exited(1), tracked), true},
		"a failure with a number to add":   {uncounted(retrying().pod(exited(1)), batchv1.UncountedTerminatedPods{Failed: []types.UID{"pod-a"}}), true},
		"a success with a number to add":   {uncounted(retrying().pod(exited(0)), batchv1.UncountedTerminatedPods{Succeeded: []types.UID{"pod-a"}}), true},
		"a number of another to add":       {uncounted(retrying().pod(exited(1)), batchv1.UncountedTerminatedPods{Failed: []types.UID{"pod-z"}}), false},
		"a failure that was counted":       {retrying().pod(exited(1)).counted(0, 1), false},
	} {
		t.Run(name, func(t *testing.T) {
			o := &c.scene.Observation
			if _, waits := counting(o, gather(o)); waits != c.waits {
				t.Errorf("waits %t", waits)
			}
		})
	}
}
