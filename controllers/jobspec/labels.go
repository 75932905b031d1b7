// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package jobspec

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// Label labels an execution that we create with its Task and its source. A name that does not fit into a label is also
// in an annotation.
func Label(execution *v1alpha1.TaskExecution) {
	task := execution.Spec.TaskRef.Name
	value := LabelValue(task)
	metav1.SetMetaDataLabel(&execution.ObjectMeta, v1alpha1.LabelTask, value)
	metav1.SetMetaDataLabel(&execution.ObjectMeta, v1alpha1.LabelTrigger, string(execution.Spec.Trigger.Source))
	if value != task {
		metav1.SetMetaDataAnnotation(&execution.ObjectMeta, v1alpha1.AnnotationTask, task)
	}
}
