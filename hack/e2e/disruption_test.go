//go:build e2e

package e2e

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// evict asks for a pod's eviction, as a drain does.
func evict(t *testing.T, pod *corev1.Pod) {
	t.Helper()
	eviction := &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name}}
	if err := kube.SubResource("eviction").Create(t.Context(), pod, eviction); err != nil {
		t.Fatal(err)
	}
}

// begun waits until a run's attempt of that number has printed, and gives its pod.
func begun(t *testing.T, id string, attempt int32) *corev1.Pod {
	t.Helper()
	var pod *corev1.Pod
	eventually(t, "the container of execution "+id+" runs", func() (bool, string) {
		e := resource(t, id)
		pods := podsOf(t, string(e.UID))
		for i := range pods {
			if pods[i].Status.Phase == corev1.PodRunning && pods[i].DeletionTimestamp == nil && e.Status.Attempts >= attempt {
				pod = &pods[i]
			}
		}
		return pod != nil, text(e.Status)
	})
	return pod
}

func TestEvictedRunIsThePlatformsFailure(t *testing.T) {
	id := execute(t, given(t, taskOf(`echo begun; exec sleep 300`)), nil)
	evict(t, begun(t, id, 1))
	if e := polled(t, id); e.Status != "failed" || e.Reason != v1alpha1.ReasonEvicted {
		t.Errorf("want failed for Evicted, got %s", text(e))
	}
}

func TestEvictedRunIsRetriedWhereItsTaskAsks(t *testing.T) {
	task := taskOf(`trap 'exit 143' TERM; echo begun; sleep 300 & wait`)
	task.Spec.RetryOnDisruption = true
	id := execute(t, given(t, task), nil)
	evict(t, begun(t, id, 1))
	begun(t, id, 2)
	if e := resource(t, id); e.Status.Phase != v1alpha1.PhaseRunning || e.Status.Pods[0].Reason != "EvictionByEvictionAPI" {
		t.Errorf("want a second attempt that runs, got %s", text(e.Status))
	}
	ask[any](t, "DELETE", "/tasks/executions/cancel/by-ids", map[string]any{"executionIds": []string{id}})
}
