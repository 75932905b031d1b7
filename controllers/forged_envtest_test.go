// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"

	batchv1 "k8s.io/api/batch/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobseal"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

// A pod has the labels of a run, and does not belong to the run's Job. It is neither mirrored nor ended, and its end
// does not end the run.
func TestCase53LabelledPodIsLeftAlone(t *testing.T) {
	operator(t)
	e, _, pod := running(t, nil)
	forged := pod.DeepCopy()
	forged.ObjectMeta = metav1.ObjectMeta{Namespace: pod.Namespace, Name: "forged", Labels: pod.Labels, Annotations: pod.Annotations}
	forged.Status = corev1.PodStatus{}
	create(t, forged)
	runs(t, forged)
	exits(t, forged, 7, "")
	cancel(t, e)
	told(t, pod, v1alpha1.ReasonCancelled)
	exits(t, pod, 143, "")
	reaches(t, e, v1alpha1.PhaseCancelled, v1alpha1.ReasonCancelled)
	if len(e.Status.Pods) != 1 || e.Status.Pods[0].UID != pod.UID || e.Status.Result != nil || ptr.Deref(e.Status.ExitCode, 0) != 143 {
		t.Errorf("the run took something from the forged pod: %+v", e.Status)
	}
	if read(t, forged); forged.Spec.ActiveDeadlineSeconds != nil || forged.DeletionTimestamp != nil || forged.Annotations[v1alpha1.AnnotationEnded] != "" {
		t.Errorf("the forged pod was ended: %+v", forged.ObjectMeta)
	}
}

// Somebody creates a Job beforehand, with the right owner and without our label. That is a name conflict.
func TestCase54JobWithAForgedOwnerIsAConflict(t *testing.T) {
	ns := namespace(t)
	create(t, newTask(ns))
	e := newExecution(ns)
	create(t, e)
	forged := &batchv1.Job{ObjectMeta: objectNamed(ns, jobspec.JobName(e.Name, e.UID))}
	forged.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(e, v1alpha1.GroupVersion.WithKind("TaskExecution"))}
	forged.Spec.Template.Spec = corev1.PodSpec{RestartPolicy: corev1.RestartPolicyNever, Containers: []corev1.Container{{Name: "x", Image: "x"}}}
	create(t, forged)
	operator(t)
	reaches(t, e, v1alpha1.PhaseFailed, v1alpha1.ReasonNameConflict)
	if e.Status.Job != nil {
		t.Errorf("it was adopted: %+v", e.Status.Job)
	}
}

// sealed seals a Job, as an earlier life of the operator would.
func sealed(t *testing.T, job *batchv1.Job, e *v1alpha1.TaskExecution) {
	t.Helper()
	earlier, err := jobseal.New(kube, kube, clock.RealClock{}, metav1.NamespaceDefault)
	if err != nil {
		t.Fatal(err)
	}
	if err := earlier.Seal(t.Context(), job, e.UID); err != nil {
		t.Fatal(err)
	}
}

// Somebody creates exactly the Job that the operator would create for a waiting run. No admission policy refuses it.
// The run does not adopt it: it waits on, before and after a restart, and ends in a name conflict.
func TestCase54ForgedJobTakesNoTurn(t *testing.T) {
	ns := namespace(t)
	limitedTask(t, ns, v1alpha1.ConcurrencyQueue, 1)
	stop := operation{config: apiServer, namespace: ns}.runs(t)
	first := named(t, ns, "a")
	reaches(t, first, v1alpha1.PhasePending, v1alpha1.ReasonJobCreated)
	waits, last := named(t, ns, "b"), named(t, ns, "c")
	reaches(t, waits, v1alpha1.PhaseQueued, v1alpha1.ReasonConcurrencyLimit)
	task := newTask(ns)
	read(t, task)
	forged, err := jobspec.Build(task, waits, []byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	// A seal copied from another run's Job is invalid, and so is a seal by a key that was never published.
	genuine := jobOf(t, first)
	forged.Annotations[v1alpha1.AnnotationSeal] = genuine.Annotations[v1alpha1.AnnotationSeal]
	if forged.Annotations[v1alpha1.AnnotationSeal] == "" {
		t.Error("a Job of the operator has no seal")
	}
	create(t, forged)
	runs(t, podOf(t, forged))
	stop()
	operation{config: apiServer, namespace: ns}.runs(t)
	reaches(t, last, v1alpha1.PhaseQueued, v1alpha1.ReasonConcurrencyLimit)
	if read(t, waits); waits.Status.Phase != v1alpha1.PhaseQueued || waits.Status.Job != nil {
		t.Errorf("a run that waits has %s and the job %v", waits.Status.Phase, waits.Status.Job)
	}
	completes(t, first)
	reaches(t, waits, v1alpha1.PhaseFailed, v1alpha1.ReasonNameConflict)
	if waits.Status.Job != nil || len(waits.Status.Pods) != 0 {
		t.Errorf("it took over what was forged: %+v", waits.Status)
	}
	reaches(t, last, v1alpha1.PhasePending, v1alpha1.ReasonJobCreated)
}
