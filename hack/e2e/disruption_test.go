// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	quantities "k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// evict evicts a pod through the eviction API, as a drain does.
func evict(t *testing.T, pod *corev1.Pod) {
	t.Helper()
	eviction := &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name}}
	if err := kube.SubResource("eviction").Create(t.Context(), pod, eviction); err != nil {
		t.Fatal(err)
	}
}

// begun waits until the given attempt of a run has printed, and returns its pod.
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

// drain drains the node of a pod, as for maintenance, and then makes the node schedulable again.
func drain(t *testing.T, pod *corev1.Pod) {
	t.Helper()
	defer kubectl(t, "", "uncordon", pod.Spec.NodeName)
	kubectl(t, "", "drain", pod.Spec.NodeName, "--ignore-daemonsets", "--timeout=60s",
		"--pod-selector="+v1alpha1.LabelExecutionUID+"="+pod.Labels[v1alpha1.LabelExecutionUID])
}

// seat is an extended resource. The node has one of it, so that only one of two pods that request it can stay.
const seat = "taskexec.dev/seat"

// seats sets how many seats the node has.
func seats(t *testing.T, node, number string) {
	t.Helper()
	patch := fmt.Sprintf(`{"status":{"capacity":{%q:%s},"allocatable":{%q:%s}}}`, seat, number, seat, number)
	err := kube.Status().Patch(context.Background(), &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: node}}, client.RawPatch("application/merge-patch+json", []byte(patch)))
	if err != nil {
		t.Fatal(err)
	}
}

func seated(c *corev1.Container) {
	c.Resources.Limits = corev1.ResourceList{seat: quantities.MustParse("1")}
}

// preempt creates a pod of a higher priority that requests the seat of the run's pod.
func preempt(t *testing.T, pod *corev1.Pod) {
	t.Helper()
	class := &schedulingv1.PriorityClass{ObjectMeta: metav1.ObjectMeta{Name: pod.Name}, Value: 1000}
	urgent := &corev1.Pod{ObjectMeta: objectMeta(pod.Name + "-urgent")}
	urgent.Spec = taskOf(`true`).Spec.JobTemplate.Spec.Template.Spec
	urgent.Spec.RestartPolicy, urgent.Spec.PriorityClassName = corev1.RestartPolicyNever, class.Name
	seated(&urgent.Spec.Containers[0])
	for _, o := range []client.Object{class, urgent} {
		// The API server's admission of pods learns of the class by a watch, and so a little later.
		eventually(t, o.GetName()+" is made", func() (bool, string) {
			err := kube.Create(t.Context(), o)
			if err != nil && !apierrors.IsForbidden(err) {
				t.Fatal(err)
			}
			return err == nil, fmt.Sprint(err)
		})
		t.Cleanup(func() {
			if err := client.IgnoreNotFound(kube.Delete(context.Background(), o)); err != nil {
				t.Error(err)
			}
		})
	}
}

// The platform ends a run while it prints. The reason says so, and the log has everything that the program printed
// before it was killed, also during its grace period.
func TestCase14EndedByThePlatformAmidItsOutput(t *testing.T) {
	nodes := &corev1.NodeList{}
	if err := kube.List(t.Context(), nodes); err != nil {
		t.Fatal(err)
	}
	node := nodes.Items[0].Name
	seats(t, node, `"1"`)
	defer seats(t, node, "null")
	for name, c := range map[string]struct {
		end    func(*testing.T, *corev1.Pod)
		reason string
	}{
		"eviction":   {evict, v1alpha1.ReasonEvicted},
		"drain":      {drain, v1alpha1.ReasonEvicted},
		"preemption": {preempt, v1alpha1.ReasonPreempted},
	} {
		t.Run(name, func(t *testing.T) {
			task := patientTaskOf(untilToldAndSeen)
			seated(&task.Spec.JobTemplate.Spec.Template.Spec.Containers[0])
			id := execute(t, given(t, task), nil)
			printing(t, id, 50)
			c.end(t, begun(t, id, 1))
			e := polled(t, id)
			if e.Status != "failed" || e.Reason != c.reason {
				t.Errorf("want failed for %s, got %s", c.reason, text(e))
			}
			got, complete := wholeOrSaid(t, id, untilKilled)
			t.Logf("%s: %s; log whole: %v, %d lines", e.Reason, e.Message, complete, len(got.numbers))
			if want := fmt.Sprint("last ", len(got.numbers)); len(got.others) != 1 || got.others[0] != want {
				t.Errorf("the log of %d lines ends with %q, want %q", len(got.numbers), got.others, want)
			}
		})
	}
}

func TestEvictedRunIsRetriedWhereItsTaskAsks(t *testing.T) {
	t.Parallel()
	task := patientTaskOf(`trap 'sleep 5; exit 143' TERM; echo begun; sleep 300 & wait`) // ends slowly, so that the test sees it end
	task.Spec.RetryOnDisruption = true
	id := execute(t, given(t, task), nil)
	evict(t, begun(t, id, 1))
	begun(t, id, 2)
	if e := resource(t, id); e.Status.Phase != v1alpha1.PhaseRunning || e.Status.Pods[0].Reason != "EvictionByEvictionAPI" {
		t.Errorf("want a second attempt that runs, got %s", text(e.Status))
	}
	ask[any](t, "DELETE", "/tasks/executions/cancel/by-ids", map[string]any{"executionIds": []string{id}})
}
