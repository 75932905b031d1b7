// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package taskstatus

import (
	"testing"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

var noon = time.Date(2025, 11, 25, 12, 0, 0, 0, time.UTC)

func verdictOf(status metav1.ConditionStatus) metav1.Condition {
	return metav1.Condition{Status: status, Reason: "Any", Message: "why"}
}

// judged returns a Task that runs on change, with the Ready status of a generation.
func judged(generation int64, status metav1.ConditionStatus, changes ...func(*v1alpha1.Task)) *v1alpha1.Task {
	task := &v1alpha1.Task{ObjectMeta: metav1.ObjectMeta{
		Namespace: "ns", Name: "sync", UID: "task-uid", Generation: generation, Annotations: map[string]string{v1alpha1.AnnotationRunOnChange: "true"},
	}}
	task.Status.ObservedGeneration = -1
	Record(task, verdictOf(status), noon)
	for _, change := range changes {
		change(task)
	}
	return task
}

func TestConditionsOfATask(t *testing.T) {
	task := judged(1, metav1.ConditionFalse)
	Record(task, verdictOf(metav1.ConditionTrue), noon)
	if len(task.Status.Conditions) != 1 || !apimeta.IsStatusConditionTrue(task.Status.Conditions, v1alpha1.ConditionReady) {
		t.Errorf("conditions %+v", task.Status.Conditions)
	}
}
