// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/rand"
	"k8s.io/client-go/util/retry"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

// namespace creates a namespace for a test. It is emptied when the test ends, so that the operators of later tests have
// nothing to do in it.
func namespace(t *testing.T) string {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "test-" + rand.String(8)}}
	create(t, ns)
	t.Cleanup(func() { clearAway(t, ns.Name) })
	return ns.Name
}

// clearAway deletes all that the operators of other tests would reconcile.
func clearAway(t *testing.T, namespace string) {
	t.Helper()
	for _, object := range []client.Object{
		&v1alpha1.TaskSchedule{}, &v1alpha1.Task{}, &v1alpha1.TaskExecution{}, &batchv1.Job{}, &corev1.Pod{},
	} {
		if err := kube.DeleteAllOf(context.WithoutCancel(t.Context()), object, client.InNamespace(namespace), client.GracePeriodSeconds(0)); err != nil {
			t.Errorf("clearing %s: %v", namespace, err)
		}
	}
}

func objectNamed(namespace, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: name}
}

func newTask(namespace string) *v1alpha1.Task {
	task := &v1alpha1.Task{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "sync"}}
	task.Spec.JobTemplate.Spec.Template.Spec.Containers = []corev1.Container{{Name: "main", Image: "busybox:1.37"}}
	return task
}

func newExecution(namespace string) *v1alpha1.TaskExecution {
	e := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "run"}}
	e.Spec.TaskRef.Name = "sync"
	return e
}

func create(t *testing.T, object client.Object) {
	t.Helper()
	if err := kube.Create(t.Context(), object); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, object client.Object) {
	t.Helper()
	if err := kube.Get(t.Context(), client.ObjectKeyFromObject(object), object); err != nil {
		t.Fatal(err)
	}
}

// eventually waits until a condition holds. On timeout it fails the test with what was seen last.
func eventually(t *testing.T, what string, condition func() (done bool, seen any)) {
	t.Helper()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(patience)
	for {
		done, seen := condition()
		if done {
			return
		}
		select {
		case <-deadline:
			raw, _ := json.Marshal(seen)
			t.Fatalf("within %s it did not come true that %s; last seen: %s", patience, what, raw)
		case <-ticker.C:
		}
	}
}

// reaches waits until an execution has a phase and reason.
func reaches(t *testing.T, e *v1alpha1.TaskExecution, phase v1alpha1.Phase, reason string) {
	t.Helper()
	eventually(t, e.Name+" is "+string(phase)+"/"+reason, func() (bool, any) {
		read(t, e)
		return e.Status.Phase == phase && e.Status.Reason == reason, e.Status
	})
}

// jobOf waits for the execution's Job and returns it.
func jobOf(t *testing.T, e *v1alpha1.TaskExecution) *batchv1.Job {
	t.Helper()
	job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: e.Namespace, Name: jobspec.JobName(e.Name, e.UID)}}
	eventually(t, "the Job of "+e.Name+" exists", func() (bool, any) {
		err := kube.Get(t.Context(), client.ObjectKeyFromObject(job), job)
		return err == nil, err
	})
	return job
}

func jobs(t *testing.T, namespace string) []batchv1.Job {
	t.Helper()
	list := &batchv1.JobList{}
	if err := kube.List(t.Context(), list, client.InNamespace(namespace)); err != nil {
		t.Fatal(err)
	}
	return list.Items
}

// podNamed returns a pod on a node, with the name of its Job.
func podNamed(job *batchv1.Job) *corev1.Pod {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace:       job.Namespace,
			Name:            job.Name,
			Labels:          job.Spec.Template.Labels,
			Annotations:     job.Spec.Template.Annotations,
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(job, batchv1.SchemeGroupVersion.WithKind("Job"))},
		},
		Spec: job.Spec.Template.Spec,
	}
	if pod.Spec.NodeName == "" {
		pod.Spec.NodeName = "node"
	}
	return pod
}

// podOf plays the Job controller and the scheduler: it creates the Job's pod on a node.
func podOf(t *testing.T, job *batchv1.Job) *corev1.Pod {
	t.Helper()
	pod := podNamed(job)
	pod.Name, pod.GenerateName = "", job.Name+"-"
	create(t, pod)
	return pod
}

func containerState(state corev1.ContainerState) []corev1.ContainerStatus {
	return []corev1.ContainerStatus{{Name: "main", Image: "busybox:1.37", ContainerID: "containerd://1", State: state}}
}

// startedPod returns the pod with a container that started just now.
func startedPod(pod *corev1.Pod) *corev1.Pod {
	pod = pod.DeepCopy()
	pod.Status.Phase = corev1.PodRunning
	pod.Status.ContainerStatuses = containerState(corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.Now()}})
	return pod
}

// endedPod returns the pod with a container that ended just now.
func endedPod(pod *corev1.Pod, code int32, podReason string) *corev1.Pod {
	pod = pod.DeepCopy()
	pod.Status.Phase, pod.Status.Reason = corev1.PodSucceeded, podReason
	if code != 0 {
		pod.Status.Phase = corev1.PodFailed
	}
	pod.Status.ContainerStatuses = containerState(corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
		ContainerID: "containerd://1",
		ExitCode:    code,
		StartedAt:   metav1.NewTime(time.Now().Add(-2 * time.Second)),
		FinishedAt:  metav1.Now(),
	}})
	return pod
}

// endedJob returns the Job after the Job controller has counted its pod.
func endedJob(job *batchv1.Job, pod *corev1.Pod) *batchv1.Job {
	job = job.DeepCopy()
	if pod.Status.Phase == corev1.PodSucceeded {
		countJob(&job.Status, batchv1.JobComplete)
	} else {
		countJob(&job.Status, batchv1.JobFailed)
	}
	return job
}

func countJob(status *batchv1.JobStatus, condition batchv1.JobConditionType) {
	now := metav1.Now()
	status.StartTime = ptr.To(metav1.NewTime(now.Add(-3 * time.Second)))
	before := batchv1.JobSuccessCriteriaMet
	if condition == batchv1.JobFailed {
		before = batchv1.JobFailureTarget
		status.Failed = 1
	} else {
		status.Succeeded = 1
		status.CompletionTime = &now
	}
	for _, c := range []batchv1.JobConditionType{before, condition} {
		status.Conditions = append(status.Conditions, batchv1.JobCondition{
			Type: c, Status: corev1.ConditionTrue, Reason: "BackoffLimitExceeded", LastTransitionTime: now,
		})
	}
}

// runs plays the kubelet: the pod's container started.
func runs(t *testing.T, pod *corev1.Pod) {
	t.Helper()
	patchStatus(t, pod, func() { pod.Status = startedPod(pod).Status })
}

// exits plays the kubelet: the pod's container ended.
func exits(t *testing.T, pod *corev1.Pod, code int32, podReason string) {
	t.Helper()
	patchStatus(t, pod, func() { pod.Status = endedPod(pod, code, podReason).Status })
}

// ends plays the Job controller: the Job has counted its pod.
func ends(t *testing.T, job *batchv1.Job, condition batchv1.JobConditionType) {
	t.Helper()
	patchStatus(t, job, func() { countJob(&job.Status, condition) })
}

// edit makes a user's change. The controller writes the status meanwhile, so edit retries on a conflict.
func edit(t *testing.T, object client.Object, change func()) {
	t.Helper()
	if err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		read(t, object)
		change()
		return kube.Update(t.Context(), object)
	}); err != nil {
		t.Fatal(err)
	}
}

func patchStatus(t *testing.T, object client.Object, change func()) {
	t.Helper()
	read(t, object)
	before, ok := object.DeepCopyObject().(client.Object)
	if !ok {
		t.Fatalf("%T is no object", object)
	}
	change()
	if err := kube.Status().Patch(t.Context(), object, client.MergeFrom(before)); err != nil {
		t.Fatal(err)
	}
}

func gone(t *testing.T, object client.Object) {
	t.Helper()
	eventually(t, object.GetName()+" is gone", func() (bool, any) {
		err := kube.Get(t.Context(), client.ObjectKeyFromObject(object), object)
		return apierrors.IsNotFound(err) || object.GetDeletionTimestamp() != nil, object
	})
}

// messages returns the messages of the mirrored log.
func messages(e *v1alpha1.TaskExecution) (out []string) {
	for i := range e.Status.Logs {
		out = append(out, e.Status.Logs[i].Message)
	}
	return out
}
