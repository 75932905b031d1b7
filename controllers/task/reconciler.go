// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package task judges Tasks: whether the parameters are a JSON Schema, and whether the API server would accept the Job
// of the template. The verdict is the condition Ready.
package task

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/apianswer"
	"github.com/taskexec/taskexec/controllers/fairqueue"
	"github.com/taskexec/taskexec/controllers/jobspec"
	"github.com/taskexec/taskexec/controllers/params"
	"github.com/taskexec/taskexec/controllers/task/taskstatus"
)

// recheck is the delay before a Task is judged again if its Job was refused for reasons outside the template.
const recheck = time.Minute

// Reconciler keeps the condition Ready of Tasks.
type Reconciler struct {
	Client client.Client
}

// SetupWithManager registers the watch. Only a new generation causes a reconcile.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(mgr).
		Named("task").
		For(&v1alpha1.Task{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WithOptions(controller.Options{NewQueue: fairqueue.New}).
		Complete(r)
}

// Reconcile judges one Task.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	task := &v1alpha1.Task{}
	if err := r.Client.Get(ctx, req.NamespacedName, task); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if task.DeletionTimestamp != nil {
		return ctrl.Result{}, nil
	}
	ready, err := r.judge(ctx, task)
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("judging task %s: %w", req, err)
	}
	before := task.DeepCopy()
	taskstatus.Record(task, ready, time.Now())
	if equality.Semantic.DeepEqual(before.Status, task.Status) {
		return again(ready), nil
	}
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	err = r.Client.Status().Patch(ctx, task, patch)
	if apierrors.IsConflict(err) {
		// The Task or its figures changed meanwhile. Judge it again when the cache has caught up.
		return ctrl.Result{RequeueAfter: apianswer.ConflictRetry}, nil
	}
	if client.IgnoreNotFound(err) != nil {
		return ctrl.Result{}, fmt.Errorf("writing the status of task %s: %w", req, err)
	}
	ctrl.LoggerFrom(ctx).V(1).Info("Judged the Task", "task", klog.KObj(task), "ready", ready.Status, "reason", ready.Reason, "generation", task.Generation)
	return again(ready), nil
}

// again returns when to judge a Task again if its spec does not change before.
func again(ready metav1.Condition) ctrl.Result {
	if ready.Status == metav1.ConditionUnknown {
		return ctrl.Result{RequeueAfter: recheck}
	}
	return ctrl.Result{}
}

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
