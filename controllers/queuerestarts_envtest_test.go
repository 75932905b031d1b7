// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// A Task allows 3 of its 200 runs at once, while the operator restarts again and again. The fake Job controller counts
// the active Jobs: there are never more than 3.
func TestManyRunsOfAQueueAcrossRestarts(t *testing.T) {
	t.Parallel()
	const n, most, restarts = 200, 3, 5
	ns := namespace(t)
	limitedTask(t, ns, v1alpha1.ConcurrencyQueue, most)
	node := newFakeNode(t, ns)
	stop := operatorIn(t, ns)
	var names []string
	for i := range n {
		names = append(names, named(t, ns, fmt.Sprintf("run-%03d", i)).Name)
	}
	for i := range restarts {
		node.finished(t, (i+1)*n/(restarts+2))
		stop()
		stop = operatorIn(t, ns)
	}
	node.finished(t, n)
	executions := &v1alpha1.TaskExecutionList{}
	eventually(t, "all have completed", func() (bool, any) {
		if err := kube.List(t.Context(), executions, client.InNamespace(ns)); err != nil {
			t.Fatal(err)
		}
		left := slices.DeleteFunc(slices.Clone(executions.Items), func(e v1alpha1.TaskExecution) bool { return e.Status.Phase == v1alpha1.PhaseCompleted })
		return len(left) == 0, len(left)
	})
	node.mu.Lock()
	defer node.mu.Unlock()
	if node.most != most || len(node.made) != n {
		t.Errorf("at most %d at once, want %d; %d Jobs for %d executions", node.most, most, len(node.made), n)
	}
	for uid, jobs := range node.made {
		if jobs != 1 {
			t.Errorf("execution %s had %d Jobs", uid, jobs)
		}
	}
	created := map[string]metav1.Time{}
	for i := range executions.Items {
		created[executions.Items[i].Name] = executions.Items[i].CreationTimestamp
	}
	slices.SortStableFunc(names, func(a, b string) int { return created[a].Compare(created[b].Time) })
	waiting := slices.Clone(names)
	for _, name := range node.order {
		// Older runs without a Job may already have their places, so at most that many may be overtaken.
		if older := slices.Index(waiting, name); older >= most {
			t.Errorf("%s was run before older ones: %v", name, waiting[:older])
		}
		waiting = slices.DeleteFunc(waiting, func(w string) bool { return w == name })
	}
}

// fakeNode plays the Job controller and the kubelet for all Jobs of a namespace. Each Job has a pod that ends at once.
type fakeNode struct {
	mu     sync.Mutex
	active map[string]bool
	most   int
	made   map[string]int
	order  []string
	ended  int
}

func newFakeNode(t *testing.T, namespace string) *fakeNode {
	t.Helper()
	n := &fakeNode{active: map[string]bool{}, made: map[string]int{}}
	jobs, err := kube.Watch(t.Context(), &batchv1.JobList{}, client.InNamespace(namespace))
	if err != nil {
		t.Fatal(err)
	}
	work := make(chan *batchv1.Job, 1000)
	var hands sync.WaitGroup
	hands.Go(func() {
		defer close(work)
		for event := range jobs.ResultChan() {
			job, ok := event.Object.(*batchv1.Job)
			if !ok || event.Type != watch.Added {
				continue
			}
			n.mu.Lock()
			n.active[job.Name] = true
			n.most = max(n.most, len(n.active))
			n.made[job.Labels[v1alpha1.LabelExecutionUID]]++
			n.order = append(n.order, job.Annotations[v1alpha1.AnnotationExecution])
			n.mu.Unlock()
			work <- job
		}
	})
	for range 3 {
		hands.Go(func() {
			for job := range work {
				if err := n.run(context.WithoutCancel(t.Context()), job); err != nil {
					t.Errorf("running job %s: %v", job.Name, err)
				}
			}
		})
	}
	t.Cleanup(func() {
		jobs.Stop()
		hands.Wait()
	})
	return n
}

// run runs a Job. The Job counts as active until right before its end is written.
func (n *fakeNode) run(ctx context.Context, job *batchv1.Job) error {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: job.Namespace, Name: job.Name, Labels: job.Spec.Template.Labels, Annotations: job.Spec.Template.Annotations,
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(job, batchv1.SchemeGroupVersion.WithKind("Job"))},
		},
		Spec: job.Spec.Template.Spec,
	}
	pod.Spec.NodeName = "node"
	if err := kube.Create(ctx, pod); err != nil {
		return err
	}
	now := metav1.Now()
	pod.Status.Phase = corev1.PodSucceeded
	pod.Status.ContainerStatuses = containerState(corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
		ContainerID: "containerd://1", StartedAt: now, FinishedAt: now,
	}})
	if err := kube.Status().Update(ctx, pod); err != nil {
		return err
	}
	n.mu.Lock()
	delete(n.active, job.Name)
	n.ended++
	n.mu.Unlock()
	before := job.DeepCopy()
	job.Status.StartTime, job.Status.CompletionTime, job.Status.Succeeded = &now, &now, 1
	for _, c := range []batchv1.JobConditionType{batchv1.JobSuccessCriteriaMet, batchv1.JobComplete} {
		job.Status.Conditions = append(job.Status.Conditions, batchv1.JobCondition{Type: c, Status: corev1.ConditionTrue, Reason: "CompletionsReached", LastTransitionTime: now})
	}
	return kube.Status().Patch(ctx, job, client.MergeFrom(before))
}

// finished waits until the wanted number of Jobs have ended.
func (n *fakeNode) finished(t *testing.T, want int) {
	t.Helper()
	last := -1
	for { // patience applies to each step
		got := 0
		eventually(t, fmt.Sprintf("%d Jobs have ended", want), func() (bool, any) {
			n.mu.Lock()
			defer n.mu.Unlock()
			got = n.ended
			return got >= want || got > last, got
		})
		if last = got; got >= want {
			return
		}
	}
}
