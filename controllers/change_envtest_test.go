// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// Each change of the spec creates one execution, as does the first apply. A change of the metadata, a restart of the
// operator and the deletion of the execution create none.
func TestRunOnChange(t *testing.T) {
	ns := namespace(t)
	stop := operator(t)
	task := newTask(ns)
	task.Annotations = map[string]string{v1alpha1.AnnotationRunOnChange: "true"}
	create(t, task)
	made := func(generation int64) string {
		t.Helper()
		eventually(t, "the change is recorded as run", func() (bool, any) {
			read(t, task)
			c := task.Status.Change
			return c != nil && c.Generation == generation && c.Execution != "", task.Status
		})
		return task.Status.Change.Execution
	}
	first := &v1alpha1.TaskExecution{ObjectMeta: objectNamed(ns, made(1))}
	read(t, first)
	if first.Spec.TaskRef.Name != task.Name || first.Spec.Trigger.Source != v1alpha1.TriggerChange {
		t.Errorf("execution %+v", first.Spec)
	}
	jobOf(t, first)

	// None of these is a change of the spec.
	edit(t, task, func() { metav1.SetMetaDataAnnotation(&task.ObjectMeta, "note", "x") })
	if err := kube.Delete(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	stop()
	stop = operator(t)
	edit(t, task, func() { task.Spec.Description = "changed" })
	second := made(2)
	if got := names(t, ns); len(got) != 1 || got[0] != second {
		t.Errorf("executions %v, want only %s", got, second)
	}

	// The operator was killed after it created the execution and before it recorded it. The next one finds it by its
	// name.
	stop()
	patchStatus(t, task, func() { task.Status.Change.Execution = "" })
	operator(t)
	if again := made(2); again != second || len(names(t, ns)) != 1 {
		t.Errorf("%s after %s; executions %v", again, second, names(t, ns))
	}
}

// A Task that is not Ready waits. Asking for runs on change later does not change the spec.
func TestRunOnChangeWaits(t *testing.T) {
	ns := namespace(t)
	operator(t)
	task := newTask(ns)
	task.Annotations = map[string]string{v1alpha1.AnnotationRunOnChange: "true"}
	container := &task.Spec.JobTemplate.Spec.Template.Spec.Containers[0]
	container.VolumeMounts = []corev1.VolumeMount{{Name: "missing", MountPath: "/x"}}
	create(t, task)
	late := newTask(ns)
	late.Name = "late"
	create(t, late)
	eventually(t, "both are judged", func() (bool, any) {
		read(t, task)
		read(t, late)
		return task.Status.ObservedGeneration == 1 && late.Status.ObservedGeneration == 1, task.Status
	})
	if task.Status.Change == nil || task.Status.Change.Execution != "" || late.Status.Change != nil {
		t.Errorf("changes %+v, %+v", task.Status.Change, late.Status.Change)
	}
	edit(t, late, func() { late.Annotations = map[string]string{v1alpha1.AnnotationRunOnChange: "true"} })
	edit(t, task, func() { task.Spec.JobTemplate.Spec.Template.Spec.Containers[0].VolumeMounts = nil })
	eventually(t, "the mended one is run", func() (bool, any) {
		read(t, task)
		return task.Status.Change.Execution != "", task.Status
	})
	if got := names(t, ns); len(got) != 1 || got[0] != task.Status.Change.Execution {
		t.Errorf("executions %v", got)
	}
}
