// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package task

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/apianswer"
	"github.com/taskexec/taskexec/controllers/jobspec"
	"github.com/taskexec/taskexec/controllers/params"
)

// judge returns the condition Ready of a Task. It asks the API server by a dry run whether it would accept the Task's
// Job.
func (r *Reconciler) judge(ctx context.Context, task *v1alpha1.Task) (metav1.Condition, error) {
	if lost := task.Undecoded.InSpec(); len(lost) > 0 {
		return metav1.Condition{Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonUndecodable, Message: lost.String()}, nil
	}
	if _, err := params.Of(task); err != nil {
		return metav1.Condition{Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonInvalidParameters, Message: err.Error()}, nil
	}
	sample := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Namespace: task.Namespace, Name: task.Name, UID: task.UID}}
	sample.Spec.TaskRef.Name = task.Name
	job, err := jobspec.Build(task, sample, []byte("{}"))
	if err != nil {
		return metav1.Condition{Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonInvalidJobTemplate, Message: err.Error()}, nil
	}
	job.OwnerReferences = nil // the sample does not exist
	err = r.Client.Create(ctx, job, client.DryRunAll)
	switch {
	case err == nil, apierrors.IsAlreadyExists(err):
		return metav1.Condition{Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonAccepted, Message: "the API server accepts the Job of this task"}, nil
	case apierrors.IsInvalid(err), apierrors.IsBadRequest(err):
		return metav1.Condition{Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonInvalidJobTemplate, Message: apianswer.Causes(err)}, nil
	case apierrors.IsForbidden(err):
		return metav1.Condition{Status: metav1.ConditionUnknown, Reason: v1alpha1.ReasonJobRefused, Message: apianswer.Causes(err)}, nil
	default:
		return metav1.Condition{}, fmt.Errorf("trying its job: %w", err)
	}
}
