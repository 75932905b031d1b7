// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package clusters

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/lifecycle"
)

// node plays the Job controller, the scheduler, the garbage collector and the kubelet of a cluster. The container of each pod runs
// its program: it prints lines for a while and ends, or ends when it is told to.
type node struct {
	*cluster
	*kubelet
	// seen has the Jobs, pods and executions of all namespaces.
	seen   cache.Cache
	random *rand.Rand
	// stop ends its work.
	stop func()
}

// program is what the container of a pod does.
type program struct {
	execution types.UID
	begins    time.Time
	ends      time.Time
	code      int32
	lines     []line

	mu sync.Mutex
	// killed is when the container was told to end, zero before that.
	killed time.Time
}

type line struct {
	at   time.Time
	text string
}

// newProgram returns a program that begins now.
func (n *node) newProgram(pod *corev1.Pod) *program {
	now := time.Now()
	p := &program{execution: types.UID(pod.Labels[v1alpha1.LabelExecutionUID]), begins: now}
	if command := pod.Spec.Containers[0].Command; len(command) == 2 && command[0] == "sleep" {
		p.ends = now.Add(lasts(command[1]))
	} else {
		p.ends = now.Add(time.Duration(500+n.random.IntN(6000)) * time.Millisecond)
		p.code = int32(max(0, n.random.IntN(18)-14))
	}
	count := n.random.IntN(60)
	step := p.ends.Sub(now) / time.Duration(count+1)
	for i := range count {
		text := fmt.Sprintf("%s/%s of %s prints line %d: %x", pod.Namespace, pod.Annotations[v1alpha1.AnnotationExecution], n.name, i, n.random.Uint64())
		switch n.random.IntN(12) {
		case 0:
			text = fmt.Sprintf(`{"level":"warn","msg":"line %d","of":%q,"n":%d}`, i, p.execution, n.random.Uint32())
		case 1:
			text = fmt.Sprintf("%0*d", 1000+n.random.IntN(3000), i)
		}
		p.lines = append(p.lines, line{now.Add(time.Duration(i) * step).UTC(), text})
	}
	return p
}

// lasts returns how long a container sleeps, for ever if that is no duration.
func lasts(argument string) time.Duration {
	d, err := time.ParseDuration(argument)
	if err != nil {
		return 1000 * time.Hour
	}
	return d
}

// printed returns the lines that were printed by now, and whether the container has ended, so that there will be no more.
func (p *program) printed(now time.Time) (lines []line, over bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.killed.IsZero() && p.killed.Before(now) {
		now = p.killed
		over = true
	}
	n := 0
	for n < len(p.lines) && !p.lines[n].at.After(now) {
		n++
	}
	return p.lines[:n:n], over || !now.Before(p.ends)
}

func (p *program) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.killed.IsZero() {
		p.killed = time.Now()
	}
}

// startNode starts the node of a cluster. It works until the cluster is stopped. Its containers are those of an earlier node, if there
// is one.
func startNode(t *testing.T, c *cluster, seed uint64, earlier *node) *node {
	t.Helper()
	seen, err := cache.New(c.config, cache.Options{Scheme: c.scheme})
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range []client.Object{&batchv1.Job{}, &corev1.Pod{}, &v1alpha1.TaskExecution{}} {
		if _, err := seen.GetInformer(t.Context(), object, cache.BlockUntilSynced(false)); err != nil {
			t.Fatal(err)
		}
	}
	n := &node{cluster: c, kubelet: startKubelet(t, c, seed), seen: seen, random: rand.New(rand.NewPCG(seed, 1))}
	if earlier != nil {
		n.takeOver(earlier.kubelet)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	var hands sync.WaitGroup
	n.stop = func() {
		stop()
		hands.Wait()
	}
	c.atLast(n.stop)
	hands.Go(func() {
		if err := seen.Start(ctx); err != nil {
			t.Errorf("the node of %s: %v", c.name, err)
		}
	})
	if !seen.WaitForCacheSync(ctx) {
		t.Fatal("the node's cache did not sync")
	}
	hands.Go(func() {
		for ctx.Err() == nil {
			for _, err := range n.work(ctx) {
				if ctx.Err() == nil && client.IgnoreNotFound(err) != nil && !apierrors.IsConflict(err) && !apierrors.IsAlreadyExists(err) {
					t.Errorf("the node of %s: %v", c.name, err)
				}
			}
			select {
			case <-ctx.Done():
			case <-time.After(250 * time.Millisecond):
			}
		}
	})
	return n
}

// work takes one step of each Job and pod.
func (n *node) work(ctx context.Context) (errs []error) {
	jobs, pods := &batchv1.JobList{}, &corev1.PodList{}
	if err := n.seen.List(ctx, pods); err != nil { // before the Jobs, so that no pod is older than its Job
		return []error{err}
	}
	if err := n.seen.List(ctx, jobs); err != nil {
		return []error{err}
	}
	podOf, orphans := map[types.UID]*corev1.Pod{}, map[types.UID]*corev1.Pod{}
	for i := range pods.Items {
		pod := pods.Items[i].DeepCopy()
		orphans[pod.UID] = pod
		if owner := metav1.GetControllerOf(pod); owner != nil {
			podOf[owner.UID] = pod
		}
	}
	for i := range jobs.Items {
		job := jobs.Items[i].DeepCopy()
		pod := podOf[job.UID]
		if pod != nil {
			delete(orphans, pod.UID)
		}
		errs = append(errs, n.step(ctx, job, pod))
	}
	for _, pod := range orphans {
		errs = append(errs, n.removes(ctx, pod))
	}
	return errs
}

// removes ends a pod.
func (n *node) removes(ctx context.Context, pod *corev1.Pod) error {
	n.program(pod.Namespace, pod.Name).kill()
	return n.kube.Delete(ctx, pod, client.GracePeriodSeconds(0))
}

// step takes one step of one Job: it is collected, or its pod is created, starts, ends, or is counted.
func (n *node) step(ctx context.Context, job *batchv1.Job, pod *corev1.Pod) error {
	owner := metav1.GetControllerOf(job)
	switch {
	case n.ownerIsGone(ctx, job.Namespace, owner):
		return n.kube.Delete(ctx, job, client.PropagationPolicy(metav1.DeletePropagationBackground))
	case pod != nil && pod.DeletionTimestamp != nil:
		return n.removes(ctx, pod)
	case lifecycle.JobFinished(job) || job.DeletionTimestamp != nil:
		return nil
	case pod == nil:
		return n.kube.Create(ctx, podOfJob(job, n.nodeName))
	case pod.Status.Phase == corev1.PodPending:
		return n.starts(ctx, pod)
	case pod.Status.Phase == corev1.PodRunning:
		return n.goesOn(ctx, pod)
	default:
		countPod(job, pod)
		return n.kube.Status().Update(ctx, job)
	}
}

func (n *node) ownerIsGone(ctx context.Context, namespace string, owner *metav1.OwnerReference) bool {
	if owner == nil {
		return false
	}
	e := &v1alpha1.TaskExecution{}
	key := types.NamespacedName{Namespace: namespace, Name: owner.Name}
	if n.seen.Get(ctx, key, e) == nil && e.UID == owner.UID {
		return false
	}
	err := n.kube.Get(ctx, key, e) // the cache may be behind
	return apierrors.IsNotFound(err) || err == nil && e.UID != owner.UID
}

func podOfJob(job *batchv1.Job, node string) *corev1.Pod {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: job.Namespace, Name: job.Name, Labels: job.Spec.Template.Labels, Annotations: job.Spec.Template.Annotations,
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(job, batchv1.SchemeGroupVersion.WithKind("Job"))},
		},
		Spec: job.Spec.Template.Spec,
	}
	pod.Spec.NodeName = node
	return pod
}

func (n *node) starts(ctx context.Context, pod *corev1.Pod) error {
	if pod.Spec.ActiveDeadlineSeconds != nil { // it was cancelled before
		pod.Status.Phase, pod.Status.Reason = corev1.PodFailed, "DeadlineExceeded"
		return n.kube.Status().Update(ctx, pod)
	}
	p := n.begin(pod, n.newProgram)
	pod.Status.Phase = corev1.PodRunning
	pod.Status.ContainerStatuses = statuses(pod, corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(p.begins)}})
	err := n.kube.Status().Update(ctx, pod)
	if err != nil { // somebody has changed or deleted the pod, which has not started then
		n.neverBegan(pod)
	}
	return err
}

func statuses(pod *corev1.Pod, state corev1.ContainerState) []corev1.ContainerStatus {
	return []corev1.ContainerStatus{{Name: "main", Image: "busybox:1.37", ContainerID: "containerd://" + string(pod.UID), State: state}}
}

// goesOn ends a container whose program has ended, or that is told to end.
func (n *node) goesOn(ctx context.Context, pod *corev1.Pod) error {
	if !n.knows(pod) { // as after a restore of etcd: a kubelet starts the containers of such a pod
		p := n.begin(pod, n.newProgram)
		pod.Status.ContainerStatuses = statuses(pod, corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(p.begins)}})
		pod.Status.ContainerStatuses[0].ContainerID += "-again"
		return n.kube.Status().Update(ctx, pod)
	}
	p := n.program(pod.Namespace, pod.Name)
	code, reason := p.code, ""
	if pod.Spec.ActiveDeadlineSeconds != nil {
		p.kill()
		code, reason = 143, "DeadlineExceeded"
	} else if time.Now().Before(p.ends) {
		return nil
	}
	pod.Status.Phase, pod.Status.Reason = corev1.PodSucceeded, reason
	if code != 0 {
		pod.Status.Phase = corev1.PodFailed
	}
	pod.Status.ContainerStatuses = statuses(pod, corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
		ContainerID: pod.Status.ContainerStatuses[0].ContainerID, ExitCode: code, StartedAt: metav1.NewTime(p.begins), FinishedAt: metav1.Now(),
	}})
	return n.kube.Status().Update(ctx, pod)
}

// countPod writes into a Job what the Job controller does when its pod has ended.
func countPod(job *batchv1.Job, pod *corev1.Pod) {
	now := metav1.Now()
	job.Status.StartTime = ptr.To(metav1.NewTime(pod.CreationTimestamp.Time))
	conditions := []batchv1.JobConditionType{batchv1.JobSuccessCriteriaMet, batchv1.JobComplete}
	if pod.Status.Phase == corev1.PodSucceeded {
		job.Status.Succeeded, job.Status.CompletionTime = 1, &now
	} else {
		job.Status.Failed = 1
		conditions = []batchv1.JobConditionType{batchv1.JobFailureTarget, batchv1.JobFailed}
	}
	for _, c := range conditions {
		job.Status.Conditions = append(job.Status.Conditions, batchv1.JobCondition{Type: c, Status: corev1.ConditionTrue, Reason: "Counted", LastTransitionTime: now})
	}
}
