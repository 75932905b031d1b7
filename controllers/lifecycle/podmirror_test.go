// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// podOf returns the only pod of a scene.
func podOf(changes ...func(*corev1.Pod)) *corev1.Pod { return given().pod(changes...).Pods[0] }

func TestDigestOf(t *testing.T) {
	for imageID, want := range map[string]string{
		"docker.io/library/busybox@sha256:9ae97d36": "sha256:9ae97d36",
		"sha256:9ae97d36": "sha256:9ae97d36",
		"docker-pullable://busybox@sha256:9ae97d36":  "sha256:9ae97d36",
		"registry:5000/busybox@sha512+b64u:9a_-=":    "sha512+b64u:9a_-=",
		"docker.io/library/busybox:1.37":             "",
		"docker://sha256:9ae97d36":                   "",
		"busybox@sha256:":                            "",
		"":                                           "",
		"busybox@sha256:" + strings.Repeat("a", 200): "",
		"busybox@" + strings.Repeat("a", 150) + ":" + strings.Repeat("a", 128): "",
	} {
		if got := digestOf(imageID); got != want {
			t.Errorf("%q: %q, want %q", imageID, got, want)
		}
	}
}

func TestMirrorPods(t *testing.T) {
	ago := func(d time.Duration) *metav1.Time { return ptr.To(metav1.NewTime(noon.Add(-d))) }
	for name, c := range map[string]struct {
		scene    *scene
		want     []v1alpha1.PodMirror
		attempts int32
	}{
		"a pod that waits is not worth a write": {given().job().pod(onNode, waiting("ErrImagePull")), nil, 0},
		"a pod that runs": {
			given().job().pod(runningFor(time.Second)),
			[]v1alpha1.PodMirror{{Name: "run-a", UID: "pod-a", Phase: "Running", Node: "node", StartTime: ago(time.Second)}},
			1,
		},
		"a pod that restarts in place says how the time before ended by its count": {
			given().job().pod(runningFor(time.Second), restarted(3, 7, time.Minute)),
			[]v1alpha1.PodMirror{{Name: "run-a", UID: "pod-a", Phase: "Running", Node: "node", StartTime: ago(time.Minute), Restarts: 3}},
			4,
		},
		"a pod that failed": {
			given().job().pod(exited(3)).counted(0, 1),
			[]v1alpha1.PodMirror{{
				Name: "run-a", UID: "pod-a", Phase: "Failed", Node: "node", Reason: "Error", ExitCode: ptr.To[int32](3),
				StartTime: ago(11 * time.Second), FinishTime: ago(time.Second),
			}},
			1,
		},
		"a pod with the digest of its image": {
			given().job().pod(runningFor(time.Second), func(pod *corev1.Pod) {
				pod.Status.ContainerStatuses[0].ImageID = "docker.io/library/busybox@sha256:9ae9"
				pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, corev1.ContainerStatus{Name: "sidecar", ImageID: "x@sha256:0000"})
			}),
			[]v1alpha1.PodMirror{{Name: "run-a", UID: "pod-a", Phase: "Running", Node: "node", ImageDigest: "sha256:9ae9", StartTime: ago(time.Second)}},
			1,
		},
		"a pod that failed before anything ran": {
			given().job().pod(phase(corev1.PodFailed), reasonIs("NodeAffinity")).counted(0, 1),
			[]v1alpha1.PodMirror{{Name: "run-a", UID: "pod-a", Phase: "Failed", Reason: "NodeAffinity"}},
			0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			status := Decide(c.scene.Observation).Status
			if diff := cmp.Diff(c.want, status.Pods); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if status.Attempts != c.attempts {
				t.Errorf("%d attempts, want %d", status.Attempts, c.attempts)
			}
		})
	}
}

func TestPodsThatAreGoneStayMirrored(t *testing.T) {
	s := startedBefore(given().job(), time.Minute).pod(runningFor(time.Second))
	s.Execution.Status.Pods = []v1alpha1.PodMirror{{Name: "run-0", UID: "gone", Phase: "Failed"}, {Name: "run-a", UID: "pod-a", Phase: "Pending"}}
	s.Execution.Status.Attempts = 5
	status := Decide(s.Observation).Status
	if len(status.Pods) != 2 || status.Pods[0].UID != "gone" || status.Pods[1].Phase != "Running" {
		t.Errorf("got %+v", status.Pods)
	}
	if status.Attempts != 5 {
		t.Errorf("%d attempts: some were taken back", status.Attempts)
	}
	if s.Execution.Status.Pods[1].Phase != "Pending" {
		t.Error("the cache's execution was changed")
	}
}

// A pod that is gone still counts as an attempt.
func TestAttemptsOfPodsThatAreGone(t *testing.T) {
	s := given().job().pod(runningFor(0))
	s.Execution.Status.Attempts = 1
	s.Execution.Status.Pods = []v1alpha1.PodMirror{
		{Name: "run-x", UID: "pod-x", Phase: "Failed", StartTime: &metav1.Time{Time: noon.Add(-time.Minute)}},
		{Name: "run-y", UID: "pod-y", Phase: "Failed"}, // never started a container
	}
	if status := Decide(s.Observation).Status; status.Attempts != 2 {
		t.Errorf("%d attempts, want 2", status.Attempts)
	}
}

func TestExitCodeIsToldBetweenAttempts(t *testing.T) {
	for name, c := range map[string]struct {
		scene *scene
		want  *int32
	}{
		"while the first attempt runs": {given().job().pod(runningFor(0)), nil},
		"before the second":            {given().job().pod(exited(3)).counted(0, 1), ptr.To[int32](3)},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, Decide(c.scene.Observation).Status.ExitCode); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestPodReason(t *testing.T) {
	for name, c := range map[string]struct {
		pod  *corev1.Pod
		want string
	}{
		"nothing to say":             {podOf(runningFor(0)), ""},
		"the container's word":       {podOf(exited(1)), "Error"},
		"the pod's word before it":   {podOf(exited(137), reasonIs("Evicted")), "Evicted"},
		"the platform's before both": {podOf(exited(137), reasonIs("Evicted"), disruptedBy("TerminationByKubelet")), "TerminationByKubelet"},
		"a disruption called off":    {podOf(exited(1), calledOff), "Error"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := podReason(c.pod, "main"); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
