// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package task

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/apianswer"
	"github.com/taskexec/taskexec/controllers/fairqueue"
	"github.com/taskexec/taskexec/controllers/jobspec"
	"github.com/taskexec/taskexec/controllers/task/taskstatus"
)

// ChangeReconciler creates the executions of Tasks that run when their spec changes.
type ChangeReconciler struct {
	Client client.Client
	// Live reads from the API server. A stale cache could show a change as waiting although its run was created,
	// recorded and removed.
	Live  client.Reader
	Clock clock.PassiveClock
	// Cluster identifies this cluster. It is empty if that is not known.
	Cluster string
}

// SetupWithManager registers the watch.
func (r *ChangeReconciler) SetupWithManager(mgr ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(mgr).
		Named("run-on-change").
		For(&v1alpha1.Task{}, builder.WithPredicates(predicate.NewPredicateFuncs(func(o client.Object) bool {
			task, ok := o.(*v1alpha1.Task)
			return ok && taskstatus.ChangeRun(task) != nil
		}))).
		WithOptions(controller.Options{NewQueue: fairqueue.New}).
		Complete(r)
}

// Reconcile creates the run of a Task's change and records it. After a crash in between it finds the run by its name.
func (r *ChangeReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	task := &v1alpha1.Task{}
	if err := r.Live.Get(ctx, req.NamespacedName, task); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	run := taskstatus.ChangeRun(task)
	if run == nil {
		return ctrl.Result{}, nil
	}
	if err := r.create(ctx, run); err != nil {
		return ctrl.Result{}, fmt.Errorf("running task %s for its generation %d: %w", req, task.Generation, err)
	}
	ctrl.LoggerFrom(ctx).V(1).Info("Made the run of a change", "execution", klog.KObj(run), "task", klog.KObj(task), "generation", task.Generation)
	before := task.DeepCopy()
	task.Status.Change.Execution = run.Name
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	err := r.Client.Status().Patch(ctx, task, patch)
	if apierrors.IsConflict(err) {
		return ctrl.Result{RequeueAfter: apianswer.ConflictRetry}, nil
	}
	if client.IgnoreNotFound(err) != nil {
		return ctrl.Result{}, fmt.Errorf("recording the run of task %s for its generation %d: %w", req, task.Generation, err)
	}
	return ctrl.Result{}, nil
}

// create creates the run, or finds one that was created before.
func (r *ChangeReconciler) create(ctx context.Context, run *v1alpha1.TaskExecution) error {
	jobspec.Stamp(run, r.Clock.Now(), r.Cluster)
	err := r.Client.Create(ctx, run)
	if !apierrors.IsAlreadyExists(err) {
		return err
	}
	existing := &v1alpha1.TaskExecution{}
	if err := r.Live.Get(ctx, client.ObjectKeyFromObject(run), existing); err != nil {
		return err
	}
	if !jobspec.IsSameRun(existing, run) {
		return fmt.Errorf("an execution %q exists that somebody else made; delete it to have the change run", run.Name)
	}
	return nil
}
