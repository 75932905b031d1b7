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
