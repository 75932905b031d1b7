// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// evicts plays the kubelet of a node that is short of memory.
func evicts(t *testing.T, pod *corev1.Pod) {
	t.Helper()
	patchStatus(t, pod, func() {
		pod.Status = endedPod(pod, 137, "Evicted").Status
		pod.Status.Message = "The node was low on resource: memory."
		pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{
			Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: corev1.PodReasonTerminationByKubelet,
		})
	})
}

func TestCase14EvictionIsNotTheProgramsFailure(t *testing.T) {
	operator(t)
	e, job, pod := running(t, nil)
	evicts(t, pod)
	ends(t, job, batchv1.JobFailed)
	reaches(t, e, v1alpha1.PhaseFailed, v1alpha1.ReasonEvicted)
	if *e.Status.ExitCode != 137 || !strings.Contains(e.Status.Message, "low on resource: memory") {
		t.Errorf("status: %+v", e.Status)
	}
}

// The API server accepts the Job with our failure policy rule. An attempt that the Job ignores does not stop the run.
func TestRetryOnDisruption(t *testing.T) {
	operator(t)
	e, job, pod := running(t, func(task *v1alpha1.Task) { task.Spec.RetryOnDisruption = true })
	if rules := job.Spec.PodFailurePolicy.Rules; len(rules) != 1 || rules[0].Action != batchv1.PodFailurePolicyActionIgnore {
		t.Fatalf("rules %+v", rules)
	}
	evicts(t, pod)
	reaches(t, e, v1alpha1.PhaseRunning, v1alpha1.ReasonRetrying)
	second := podOf(t, job)
	runs(t, second)
	reaches(t, e, v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted)
	exits(t, second, 0, "")
	ends(t, job, batchv1.JobComplete)
	reaches(t, e, v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted)
	if e.Status.Attempts != 2 || e.Status.Pods[0].Reason != corev1.PodReasonTerminationByKubelet || ptr.Deref(e.Status.ExitCode, -1) != 0 {
		t.Errorf("status: %+v", e.Status)
	}
}
