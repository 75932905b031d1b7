// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package jobspec

import (
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// taskWrapper builds a Task for a test, one change per call.
type taskWrapper struct{ v1alpha1.Task }

func aTask() *taskWrapper {
	w := &taskWrapper{}
	w.Namespace, w.Name, w.UID, w.Generation = "team", "user-space-sync", "task-uid", 3
	w.Spec.JobTemplate.Spec.Template.Spec.Containers = []corev1.Container{{Name: "main", Image: "sync:1"}}
	return w
}

func (w *taskWrapper) Obj() *v1alpha1.Task { return w.DeepCopy() }

func (w *taskWrapper) Named(name string) *taskWrapper {
	w.Name = name
	return w
}

func (w *taskWrapper) Timeout(d time.Duration) *taskWrapper {
	w.Spec.Timeout = &metav1.Duration{Duration: d}
	return w
}

func (w *taskWrapper) StartTimeout(d time.Duration) *taskWrapper {
	w.Spec.StartTimeout = &metav1.Duration{Duration: d}
	return w
}

func (w *taskWrapper) QueueTimeout(d time.Duration) *taskWrapper {
	w.Spec.QueueTimeout = &metav1.Duration{Duration: d}
	return w
}

func (w *taskWrapper) Retries(n int32) *taskWrapper {
	w.Spec.Retries = n
	return w
}

func (w *taskWrapper) Logs(container string, entries int32, bytes string) *taskWrapper {
	w.Spec.Logs.Container, w.Spec.Logs.MaxEntries = container, entries
	if bytes != "" {
		w.Spec.Logs.MaxBytes = ptr.To(resource.MustParse(bytes))
	}
	return w
}

// Containers replaces the template's containers by ones with these names.
func (w *taskWrapper) Containers(names ...string) *taskWrapper {
	w.Spec.JobTemplate.Spec.Template.Spec.Containers = nil
	for _, name := range names {
		w.Spec.JobTemplate.Spec.Template.Spec.Containers = append(w.Spec.JobTemplate.Spec.Template.Spec.Containers, corev1.Container{Name: name})
	}
	return w
}

func (w *taskWrapper) PodAnnotation(key, value string) *taskWrapper {
	metav1.SetMetaDataAnnotation(&w.Spec.JobTemplate.Spec.Template.ObjectMeta, key, value)
	return w
}

// Job changes the template's Job.
func (w *taskWrapper) Job(change func(*batchv1.JobTemplateSpec)) *taskWrapper {
	change(&w.Spec.JobTemplate)
	return w
}

// executionWrapper builds a TaskExecution for a test.
type executionWrapper struct{ v1alpha1.TaskExecution }

func anExecution() *executionWrapper {
	w := &executionWrapper{}
	w.Namespace, w.Name, w.UID = "team", "550e8400-e29b-41d4-a716-446655440000", "execution-uid"
	w.Spec.TaskRef.Name = "user-space-sync"
	return w
}

func (w *executionWrapper) Obj() *v1alpha1.TaskExecution { return w.DeepCopy() }

func (w *executionWrapper) Named(name string) *executionWrapper {
	w.Name = name
	return w
}

func (w *executionWrapper) Of(task string) *executionWrapper {
	w.Spec.TaskRef.Name = task
	return w
}

func (w *executionWrapper) Timeout(d time.Duration) *executionWrapper {
	w.Spec.Timeout = &metav1.Duration{Duration: d}
	return w
}

func seconds(n int) *metav1.Duration {
	return &metav1.Duration{Duration: time.Duration(n) * time.Second}
}
