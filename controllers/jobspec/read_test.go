// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package jobspec

import (
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
)

func TestTrueCondition(t *testing.T) {
	job := &batchv1.Job{Status: batchv1.JobStatus{Conditions: []batchv1.JobCondition{
		{Type: batchv1.JobSuspended, Status: corev1.ConditionFalse}, {Type: batchv1.JobFailed, Status: corev1.ConditionTrue, Reason: "BackoffLimitExceeded"},
	}}}
	if c := TrueCondition(job, batchv1.JobFailed); c == nil || c.Reason != "BackoffLimitExceeded" {
		t.Errorf("failed: %+v", c)
	}
	for _, not := range []batchv1.JobConditionType{batchv1.JobSuspended, batchv1.JobComplete} {
		if c := TrueCondition(job, not); c != nil {
			t.Errorf("%s: %+v", not, c)
		}
	}
}

func TestIsSidecar(t *testing.T) {
	always := ptr.To(corev1.ContainerRestartPolicyAlways)
	pod := &corev1.Pod{Spec: corev1.PodSpec{
		InitContainers: []corev1.Container{{Name: "proxy", RestartPolicy: always}, {Name: "prepare"}},
		Containers:     []corev1.Container{{Name: "main", RestartPolicy: always}},
	}}
	for name, want := range map[string]bool{"proxy": true, "prepare": false, "main": false, "other": false} {
		if got := IsSidecar(pod, name); got != want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestDecisive(t *testing.T) {
	ended := func(name string, code int32) corev1.ContainerStatus {
		return corev1.ContainerStatus{Name: name, State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code}}}
	}
	runs := corev1.ContainerStatus{Name: "main", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}
	type statuses = []corev1.ContainerStatus
	for name, c := range map[string]struct {
		inits, containers statuses
		want              string
		code              int32
	}{
		"none has ended":                      {nil, statuses{runs}, "", 0},
		"only another has ended well":         {nil, statuses{runs, ended("helper", 0)}, "", 0},
		"the task's own ended well":           {nil, statuses{ended("main", 0), ended("helper", 0)}, "main", 0},
		"another failed":                      {nil, statuses{ended("main", 0), ended("helper", 2)}, "helper", 2},
		"both failed":                         {nil, statuses{ended("main", 1), ended("helper", 2)}, "main", 1},
		"both failed, the task's is last":     {nil, statuses{ended("helper", 2), ended("main", 1)}, "main", 1},
		"an init container failed":            {statuses{ended("prepare", 4)}, statuses{{Name: "main"}}, "prepare", 4},
		"the first that failed of two others": {nil, statuses{ended("a", 2), ended("b", 3)}, "a", 2},
		"a sidecar was told to end":           {statuses{ended("proxy", 143)}, statuses{ended("main", 0)}, "main", 0},
	} {
		t.Run(name, func(t *testing.T) {
			pod := &corev1.Pod{}
			pod.Spec.InitContainers = []corev1.Container{{Name: "proxy", RestartPolicy: ptr.To(corev1.ContainerRestartPolicyAlways)}}
			pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses = c.inits, c.containers
			got := Decisive(pod, "main")
			switch {
			case got == nil:
				if c.want != "" {
					t.Errorf("got none, want %s", c.want)
				}
			case got.Name != c.want || got.State.Terminated.ExitCode != c.code:
				t.Errorf("got %s with %d", got.Name, got.State.Terminated.ExitCode)
			}
		})
	}
}
