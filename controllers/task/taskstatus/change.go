// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package taskstatus

import (
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

func runsOnChange(task *v1alpha1.Task) bool {
	return task.Annotations[v1alpha1.AnnotationRunOnChange] == "true"
}

// ChangeRun returns the execution to create for a change of a Task's spec, named after the change. It returns nil if
// there is none, or if the run must wait until the Task is judged and Ready. A suspended Task refuses runs. The edit
// that resumes it is a change, too.
func ChangeRun(task *v1alpha1.Task) *v1alpha1.TaskExecution {
	change := task.Status.Change
	if !runsOnChange(task) || task.Spec.Suspended || task.DeletionTimestamp != nil || change == nil || change.Execution != "" || change.Generation != task.Generation {
		return nil
	}
	ready := apimeta.FindStatusCondition(task.Status.Conditions, v1alpha1.ConditionReady)
	if ready == nil || ready.Status != metav1.ConditionTrue || ready.ObservedGeneration != task.Generation {
		return nil
	}
	run := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{
		Namespace: task.Namespace, Name: jobspec.ChangeName(task.Name, task.UID, task.Generation),
	}}
	run.Spec.TaskRef.Name = task.Name
	run.Spec.Trigger.Source = v1alpha1.TriggerChange
	jobspec.Label(run)
	return run
}
