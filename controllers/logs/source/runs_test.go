// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func running(second int) corev1.ContainerState {
	return corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(noon.Add(time.Duration(second) * time.Second))}}
}

func ended(id string, from, to int) corev1.ContainerState {
	return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
		ContainerID: id,
		StartedAt:   metav1.NewTime(noon.Add(time.Duration(from) * time.Second)),
		FinishedAt:  metav1.NewTime(noon.Add(time.Duration(to) * time.Second)),
	}}
}

// told renders runs as text: role, container, ID, restarts and state.
func told(runs []ContainerRun) string {
	var out []string
	for i := range runs {
		r := &runs[i]
		s := fmt.Sprintf("%s:%s/%s#%d", r.Role, r.Container, r.ContainerID, r.Restart)
		if r.Ended {
			s += " ended"
			if !r.FinishedAt.IsZero() {
				s += fmt.Sprint("@", r.FinishedAt.Sub(noon).Seconds())
			}
		}
		if r.Previous {
			s += " previous"
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

func TestRunsOfAContainer(t *testing.T) {
	waiting := corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}}
	for name, c := range map[string]struct {
		state, last corev1.ContainerState
		id          string
		restarts    int32
		phase       corev1.PodPhase
		want        string
	}{
		"not started":                  {state: waiting, want: ""},
		"running":                      {state: running(1), id: "a", want: "main:main/a#0"},
		"ended":                        {state: ended("a", 1, 5), id: "a", want: "main:main/a#0 ended@5"},
		"running when its pod ended":   {state: running(1), id: "a", phase: corev1.PodFailed, want: "main:main/a#0 ended"},
		"started again":                {state: running(6), id: "b", last: ended("a", 1, 5), restarts: 1, want: "main:main/a#0 ended@5 previous, main:main/b#1"},
		"waiting to be started again":  {state: waiting, id: "a", last: ended("a", 1, 5), want: "main:main/a#0 ended@5 previous"},
		"ended again":                  {state: ended("b", 6, 7), id: "b", last: ended("a", 1, 5), restarts: 1, want: "main:main/a#0 ended@5 previous, main:main/b#1 ended@7"},
		"ended without having started": {state: ended("", 0, 0), want: ""},
	} {
		t.Run(name, func(t *testing.T) {
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "pod", UID: "uid"}}
			pod.Status.Phase = c.phase
			pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "main", ContainerID: c.id, State: c.state, LastTerminationState: c.last, RestartCount: c.restarts}}
			if got := told(RunsOf(pod, "main")); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestRunsOfAPod(t *testing.T) {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "pod", UID: "uid"}}
	pod.Spec.InitContainers = []corev1.Container{{Name: "proxy", RestartPolicy: ptr.To(corev1.ContainerRestartPolicyAlways)}, {Name: "prepare"}}
	pod.Status.InitContainerStatuses = []corev1.ContainerStatus{
		{Name: "proxy", ContainerID: "p", State: running(2)},
		{Name: "prepare", ContainerID: "i", State: ended("i", 1, 3)},
	}
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{
		{Name: "helper", ContainerID: "h", State: running(4)},
		{Name: "main", ContainerID: "m", State: running(4)},
	}
	runs := RunsOf(pod, "main")
	want := "init:prepare/i#0 ended@3, sidecar:proxy/p#0, sidecar:helper/h#0, main:main/m#0"
	if got := told(runs); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	for i := range runs {
		if runs[i].Mirrored() != (runs[i].Role != Sidecar) || runs[i].PodUID != "uid" {
			t.Errorf("%+v", runs[i])
		}
	}
}

// The runs of a pod of an Indexed Job have its index.
func TestCase24RunsOfAnIndexedPod(t *testing.T) {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{"batch.kubernetes.io/job-completion-index": "3"}}}
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "main", ContainerID: "m", State: running(1)}}
	if runs := RunsOf(pod, "main"); len(runs) != 1 || ptr.Deref(runs[0].Index, -1) != 3 {
		t.Errorf("got %+v", runs)
	}
	pod.Annotations = nil
	if runs := RunsOf(pod, "main"); runs[0].Index != nil {
		t.Errorf("index %d of a pod that has none", *runs[0].Index)
	}
}
