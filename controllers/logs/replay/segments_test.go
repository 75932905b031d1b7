// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package replay

import (
	"fmt"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/logs/source"
)

// Containers that started within one second come in the order in which a pod starts them, wherever their logs are.
func TestContainersOfOneSecond(t *testing.T) {
	state := corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{StartedAt: metav1.NewTime(noon), FinishedAt: metav1.NewTime(noon)}}
	pod := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "pod", UID: "pod-uid"}}
	pod.Spec.InitContainers = []corev1.Container{{Name: "z-first"}, {Name: "prepare"}}
	pod.Spec.Containers = []corev1.Container{{Name: "main"}}
	pod.Status.InitContainerStatuses = []corev1.ContainerStatus{
		{Name: "z-first", ContainerID: "1", State: state}, {Name: "prepare", ContainerID: "2", State: state},
	}
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "main", ContainerID: "4", RestartCount: 1, State: state, LastTerminationState: corev1.ContainerState{
		Terminated: &corev1.ContainerStateTerminated{ContainerID: "3", StartedAt: metav1.NewTime(noon), FinishedAt: metav1.NewTime(noon)},
	}}}
	runs := source.RunsOf(&pod, "main")
	ix := &archive.Index{}
	for i := len(runs) - 1; i >= 0; i-- {
		ix.Streams = append(ix.Streams, archive.Stream{StreamID: archive.IDOf(&runs[i]), Role: runs[i].Role, StartedAt: runs[i].StartedAt, Place: runs[i].Place})
	}
	for name, segments := range map[string][]Segment{
		"pod": Segments(nil, []corev1.Pod{pod}, Selection{}), "archive": Segments(ix, nil, Selection{}), "both": Segments(ix, []corev1.Pod{pod}, Selection{}),
	} {
		var got []string
		for i := range segments {
			got = append(got, segments[i].ID.ContainerID)
		}
		if strings.Join(got, " ") != "1 2 3 4" {
			t.Errorf("from the %s: containers %q", name, got)
		}
	}
}

// Each index of an Indexed Job has attempts of its own, wherever the logs are.
func TestCase24AttemptsOfEachIndex(t *testing.T) {
	var pods []corev1.Pod
	ix := &archive.Index{}
	for i, index := range []string{"0", "1", "1", "0", ""} {
		at := metav1.NewTime(noon.Add(time.Duration(i) * time.Second))
		pod := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: fmt.Sprint("pod-", i), UID: types.UID(fmt.Sprint("uid-", i))}}
		if index != "" {
			pod.Annotations = map[string]string{batchv1.JobCompletionIndexAnnotation: index}
		}
		pod.Spec.Containers = []corev1.Container{{Name: "main"}}
		pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "main", ContainerID: fmt.Sprint(i), State: corev1.ContainerState{
			Terminated: &corev1.ContainerStateTerminated{ContainerID: fmt.Sprint(i), StartedAt: at, FinishedAt: at},
		}}}
		pods = append(pods, pod)
		for _, run := range source.RunsOf(&pod, "main") {
			ix.Streams = append(ix.Streams, archive.Stream{StreamID: archive.IDOf(&run), Role: run.Role, StartedAt: run.StartedAt, Index: run.Index})
		}
	}
	for name, segments := range map[string][]Segment{
		"pods": Segments(nil, pods, Selection{}), "archive": Segments(ix, nil, Selection{}), "both": Segments(ix, pods, Selection{}),
	} {
		var got []string
		for i := range segments {
			got = append(got, fmt.Sprintf("%d/%d", ptr.Deref(segments[i].Index, -1), segments[i].Attempt))
		}
		if strings.Join(got, " ") != "0/1 1/1 1/2 0/2 -1/1" {
			t.Errorf("from the %s: %q", name, got)
		}
	}
}
