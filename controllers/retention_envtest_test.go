// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"slices"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers"
)

// impatient removes runs without a grace period, and checks often.
func impatient(o *controllers.Options) {
	o.KeepRun, o.HistoryPace = 0, 50*time.Millisecond
}

// asked creates an execution with a source and annotations, and brings it to its end.
func asked(t *testing.T, namespace, name string, source v1alpha1.TriggerSource, annotations map[string]string) *v1alpha1.TaskExecution {
	t.Helper()
	e := played(t, namespace, name, source, annotations)
	reaches(t, e, v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted)
	capturedLog(t, e)
	return e
}

// played is like asked, but does not wait for the operator: the run may be removed as soon as its end is known.
func played(t *testing.T, namespace, name string, source v1alpha1.TriggerSource, annotations map[string]string) *v1alpha1.TaskExecution {
	t.Helper()
	e := newExecution(namespace)
	e.Name, e.Annotations, e.Spec.Trigger.Source = name, annotations, source
	create(t, e)
	job := jobOf(t, e)
	pod := podOf(t, job)
	exits(t, pod, 0, "")
	ends(t, job, batchv1.JobComplete)
	return e
}

func names(t *testing.T, namespace string) (names []string) {
	t.Helper()
	list := &v1alpha1.TaskExecutionList{}
	if err := kube.List(t.Context(), list, client.InNamespace(namespace)); err != nil {
		t.Fatal(err)
	}
	for i := range list.Items {
		names = append(names, list.Items[i].Name)
	}
	return names
}

// Only executions that the facade and schedules created are removed, whatever source an applied one states.
func TestRetentionRemovesOurOwnOnly(t *testing.T) {
	ns := namespace(t)
	operator(t, impatient)
	task := newTask(ns)
	create(t, task)
	asked(t, ns, "applied", v1alpha1.TriggerManual, map[string]string{"kubectl.kubernetes.io/last-applied-configuration": "{}"})
	asked(t, ns, "by-kubectl", v1alpha1.TriggerKubectl, nil)
	asked(t, ns, "in-git", v1alpha1.TriggerAPI, map[string]string{"argocd.argoproj.io/tracking-id": "app"})
	asked(t, ns, "manual", v1alpha1.TriggerManual, nil)
	asked(t, ns, "scheduled", v1alpha1.TriggerSchedule, nil)
	task.Spec.Retention.Completed = ptr.To[int32](0)
	patchSpec(t, task)
	eventually(t, "what the operator made is removed", func() (bool, any) {
		left := names(t, ns)
		return !slices.Contains(left, "manual") && !slices.Contains(left, "scheduled"), left
	})
	// The removal of another run proves that the others were checked again and kept.
	played(t, ns, "late", v1alpha1.TriggerAPI, nil)
	eventually(t, "the late one is removed too, and nothing else", func() (bool, any) {
		left := names(t, ns)
		return slices.Equal(left, []string{"applied", "by-kubectl", "in-git"}), left
	})
}

// patchSpec writes the Task's spec as given.
func patchSpec(t *testing.T, task *v1alpha1.Task) {
	t.Helper()
	spec := task.Spec
	read(t, task)
	before := task.DeepCopy()
	task.Spec = spec
	if err := kube.Patch(t.Context(), task, client.MergeFrom(before)); err != nil {
		t.Fatal(err)
	}
}

// The deletion of a Job after its log is final does not count as a lost Job, not even after a restart.
func TestJobOfAFinishedRunGoes(t *testing.T) {
	ns := namespace(t)
	keeping := func(o *controllers.Options) { o.KeepUnarchivedJob = time.Second }
	stop := operator(t, keeping)
	create(t, newTask(ns))
	e := asked(t, ns, "run", v1alpha1.TriggerKubectl, nil)
	gone(t, &batchv1.Job{ObjectMeta: objectNamed(ns, e.Status.Job.Name)})
	stop()
	version := e.ResourceVersion
	operator(t, keeping)
	other := asked(t, ns, "other", v1alpha1.TriggerKubectl, nil)
	gone(t, &batchv1.Job{ObjectMeta: objectNamed(ns, other.Status.Job.Name)})
	if read(t, e); e.ResourceVersion != version || e.Status.Reason != v1alpha1.ReasonCompleted || e.Status.Job == nil {
		t.Errorf("the run was written to: %+v", e.Status)
	}
}

// If the template sets a TTL for finished Jobs, Kubernetes applies it.
func TestTTLOfTheTemplateIsLeftToKubernetes(t *testing.T) {
	ns := namespace(t)
	operator(t, func(o *controllers.Options) { o.KeepUnarchivedJob = time.Millisecond })
	task := newTask(ns)
	task.Spec.JobTemplate.Spec.TTLSecondsAfterFinished = ptr.To[int32](3600)
	create(t, task)
	e := asked(t, ns, "run", v1alpha1.TriggerKubectl, nil)
	other := newTask(ns)
	other.Name = "other"
	create(t, other)
	last := newExecution(ns)
	last.Name, last.Spec.TaskRef.Name = "last", "other"
	create(t, last)
	job := jobOf(t, last)
	exits(t, podOf(t, job), 0, "")
	ends(t, job, batchv1.JobComplete)
	gone(t, job)
	read(t, &batchv1.Job{ObjectMeta: objectNamed(ns, e.Status.Job.Name)})
}
