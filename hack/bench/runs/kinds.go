// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// label marks the objects of one round. Its value is the round's group.
const label = "taskexec.dev/bench"

const namespace = metav1.NamespaceDefault

// kind is one of the two kinds of runs that are compared.
type kind struct {
	name, short string
	list        client.ObjectList
	// prepare creates what all runs of a round share.
	prepare func(ctx context.Context, kube client.Client, group string) error
	// run returns run number i.
	run func(group string, i int) client.Object
	// look reports whether a run has ended, whether it succeeded, and whether its status is final.
	look func(client.Object) (ended, well, settled bool)
}

var bareJobs = &kind{
	name: "bare Job", short: "jobs", list: &batchv1.JobList{},
	prepare: func(context.Context, client.Client, string) error { return nil },
	run: func(group string, i int) client.Object {
		job := &batchv1.Job{ObjectMeta: named(group, i)}
		job.Spec.BackoffLimit = ptr.To[int32](0)
		job.Spec.PodReplacementPolicy = ptr.To(batchv1.Failed)
		job.Spec.Template.Spec = podSpec()
		job.Spec.Template.Spec.Containers[0].Env = []corev1.EnvVar{{Name: "TASK_PARAMS", Value: params(i)}}
		return job
	},
	look: func(o client.Object) (ended, well, settled bool) {
		job, ok := o.(*batchv1.Job)
		if !ok {
			return false, false, false
		}
		for i := range job.Status.Conditions {
			switch c := &job.Status.Conditions[i]; {
			case c.Status != corev1.ConditionTrue:
			case c.Type == batchv1.JobComplete:
				return true, true, true
			case c.Type == batchv1.JobFailed:
				return true, false, true
			}
		}
		return false, false, false
	},
}

// schema is the schema of the runs' params. It has about the size and features of schemas that people write.
const schema = `{"type": "object", "required": ["number"], "properties": {
	"number": {"type": "integer", "minimum": 0}, "force": {"type": "boolean", "default": false}, "note": {"type": "string", "maxLength": 100}}}`

var executions = &kind{
	name: "TaskExecution", short: "executions", list: &v1alpha1.TaskExecutionList{},
	prepare: func(ctx context.Context, kube client.Client, group string) error {
		task := &v1alpha1.Task{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: group}}
		task.Spec.Parameters = &apiextensionsv1.JSON{Raw: []byte(schema)}
		task.Spec.JobTemplate.Spec.Template.Spec = podSpec()
		return kube.Create(ctx, task)
	},
	run: func(group string, i int) client.Object {
		execution := &v1alpha1.TaskExecution{ObjectMeta: named(group, i)}
		execution.Spec.TaskRef.Name = group
		execution.Spec.Params = &apiextensionsv1.JSON{Raw: []byte(params(i))}
		return execution
	},
	look: func(o client.Object) (ended, well, settled bool) {
		e, ok := o.(*v1alpha1.TaskExecution)
		if !ok {
			return false, false, false
		}
		captured := apimeta.FindStatusCondition(e.Status.Conditions, v1alpha1.ConditionLogsCaptured)
		settled = captured != nil && captured.Status != metav1.ConditionUnknown
		well = e.Status.Phase == v1alpha1.PhaseCompleted && (!settled || captured.Status == metav1.ConditionTrue)
		return e.Status.Phase.IsTerminal(), well, settled
	},
}

func named(group string, i int) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: fmt.Sprintf("%s-%05d", group, i), Labels: map[string]string{label: group}}
}

func params(i int) string { return fmt.Sprintf(`{"number":%d,"note":"one of many"}`, i) }

func podSpec() corev1.PodSpec {
	return corev1.PodSpec{
		RestartPolicy:                corev1.RestartPolicyNever,
		AutomountServiceAccountToken: ptr.To(false),
		Containers:                   []corev1.Container{{Name: "main", Image: "busybox:1.37", Command: []string{"true"}}},
	}
}
