// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestCase27LimitOfTheTemplateIsSaidSo(t *testing.T) {
	failed := func(changes ...func(*corev1.Pod)) *scene {
		return given().job().pod(changes...).counted(0, 1).jobEnds(batchv1.JobFailed, "BackoffLimitExceeded")
	}
	podLimit := func(seconds int64) func(*corev1.Pod) {
		return func(pod *corev1.Pod) {
			killed(pod)
			pod.Spec.ActiveDeadlineSeconds = ptr.To(seconds)
		}
	}
	evicted := func(message string) func(*corev1.Pod) { return statusOf("Evicted", message, "", "") }
	withJobLimit := func(s *scene, seconds int64) *scene {
		s.Job.Spec.ActiveDeadlineSeconds = ptr.To(seconds)
		return s.jobEnds(batchv1.JobFailed, batchv1.JobReasonDeadlineExceeded)
	}
	gone := func(reason string) *scene {
		s := given().job().counted(0, 1).jobEnds(batchv1.JobFailed, "BackoffLimitExceeded")
		s.Execution.Status.Pods = []v1alpha1.PodMirror{{Name: "run-0", UID: "gone", Phase: "Failed", Reason: reason}}
		return s
	}
	const deadline, job, storage = "Failed/PodDeadlineExceeded", "Failed/JobDeadlineExceeded", "Failed/StorageLimitExceeded"
	table{
		"the pod's deadline, obeyed":               {failed(exited(0), podLimit(20)), deadline, "pod run-a was active for longer than its own activeDeadlineSeconds of 20"},
		"the pod's deadline, with 143":             {failed(exited(143), podLimit(20)), deadline, "jobTemplate"},
		"the pod's deadline, by force":             {failed(exited(137), podLimit(20)), deadline, "jobTemplate"},
		"the pod's deadline, before it started":    {failed(onNode, podLimit(20)), deadline, "activeDeadlineSeconds of 20"},
		"our own clock is not the template's":      {failed(exited(143), podLimit(1), marked("DeadlineExceeded", 3*time.Second)), "Failed/DeadlineExceeded", ""},
		"the pod's deadline, and it is gone":       {gone(v1alpha1.ReasonPodDeadlineExceeded), deadline, "pod run-0"},
		"the Job's deadline":                       {withJobLimit(given().job().pod(exited(143)), 20), job, "the Job was active for longer than its own activeDeadlineSeconds of 20"},
		"the Job's deadline, before it started":    {withJobLimit(given().job().pod(onNode, waiting("CreateContainerConfigError")), 20), job, "of 20, which the Task's jobTemplate sets: CreateContainerConfigError"},
		"the Job's deadline, which is ours":        {withJobLimit(given().timeout(time.Minute).job(), 420), "Failed/DeadlineExceeded", ""},
		"a limit of one container":                 {failed(exited(137), evicted(`Container main exceeded its local ephemeral storage limit "1Mi". `)), storage, `Container main exceeded its local ephemeral storage limit "1Mi".`},
		"a limit of the pod":                       {failed(exited(137), evicted("Pod ephemeral local storage usage exceeds the total limit of containers 1Mi. ")), storage, "exceeds the total limit"},
		"a limit of an emptyDir":                   {failed(exited(137), evicted(`Usage of EmptyDir volume "scratch" exceeds the limit "1Mi". `)), storage, `EmptyDir volume "scratch"`},
		"a limit, and the pod is gone":             {gone(v1alpha1.ReasonStorageLimitExceeded), storage, "pod run-0"},
		"a node that is short of disk is no limit": {failed(exited(137), statusOf("Evicted", "The node was low on resource: ephemeral-storage.", "TerminationByKubelet", "")), "Failed/Evicted", "low on resource"},
		"nor is one that quotes a limit":           {failed(exited(137), statusOf("Evicted", "Pod ephemeral local storage usage exceeds the total limit of containers 1Mi. ", "TerminationByKubelet", "")), "Failed/Evicted", ""},
	}.run(t)
}

// The mirrored pod distinguishes its own limit from an eviction by the platform, even when the pod is gone.
func TestCase27LimitIsMirrored(t *testing.T) {
	s := given().job().pod(exited(137), statusOf("Evicted", `Usage of EmptyDir volume "scratch" exceeds the limit "1Mi". `, "", ""))
	if got := Decide(s.counted(0, 1).jobEnds(batchv1.JobFailed, "").Observation).Status.Pods[0].Reason; got != v1alpha1.ReasonStorageLimitExceeded {
		t.Errorf("got %q", got)
	}
}

// containerd reports OOMKilled for a container if a child process was killed, whatever the exit code.
func TestCase27ChildOutOfMemoryIsAWarning(t *testing.T) {
	oom := func(pod *corev1.Pod) { pod.Status.ContainerStatuses[0].State.Terminated.Reason = "OOMKilled" }
	done := func(changes ...func(*corev1.Pod)) *scene {
		return given().job().pod(changes...).counted(1, 0).jobEnds(batchv1.JobComplete, "")
	}
	failed := func(changes ...func(*corev1.Pod)) *scene {
		return given().job().pod(changes...).counted(0, 1).jobEnds(batchv1.JobFailed, "")
	}
	helper := func(pod *corev1.Pod) {
		alsoEnded("helper", 0)(pod)
		pod.Status.ContainerStatuses[1].State.Terminated.Reason = "OOMKilled"
	}
	const warning = "was killed for using more memory than its limit, and the container ended with exit code "
	table{
		"it ended with 0":      {done(exited(0), oom), "Completed/Completed", `a process of container "main" ` + warning + "0"},
		"a helper of it did":   {done(exited(0), helper), "Completed/Completed", `a process of container "helper" ` + warning + "0"},
		"it ended with 3":      {failed(exited(3), oom), "Failed/OOMKilled", `a process of container "main" ` + warning + "3"},
		"it was killed itself": {failed(exited(137), oom), "Failed/OOMKilled", `container "main" was killed for using more memory than its limit`},
	}.run(t)
	if m := Decide(done(exited(0)).Observation).Status.Message; m != "" {
		t.Errorf("a run that had no trouble says %q", m)
	}
	status := Decide(done(exited(0), oom).Observation).Status
	if status.Pods[0].Reason != "OOMKilled" || *status.ExitCode != 0 {
		t.Errorf("pods %+v", status.Pods)
	}
}

func TestStorageLimitIsToldByTheWholeMessage(t *testing.T) {
	for message, want := range map[string]bool{
		"":                                       false,
		"The node was low on resource: memory. ": false,
		`Container a exceeded its local ephemeral storage limit "1Mi". `:            true,
		`The node had Container a exceeded its local ephemeral storage limit "1". `: false,
		strings.Repeat("x", 10) + `Usage of EmptyDir volume "a" exceeds `:           false,
		`Usage of EmptyDir volume "a" exceeds the limit "1Mi". `:                    true,
	} {
		if got := isStorageLimit(message); got != want {
			t.Errorf("%q: %t", message, got)
		}
	}
	if _, _, is := templateLimit(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p"}}); is {
		t.Error("a pod that has not ended reached no limit")
	}
}
