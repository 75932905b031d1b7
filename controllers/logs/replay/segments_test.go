package replay

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/logs/source"
)

// Containers that started within one second are told in the order in which a pod starts them, from wherever their
// logs are.
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
