// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package taskschedule

import (
	"context"
	"fmt"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/fairqueue"
)

// indexTask finds schedules by the name of their task.
const indexTask = "spec.taskRef.name"

// SetupWithManager registers the watches. A schedule is reconciled when its spec or the spec of its Task changes, and
// when its next run is due. A change of its status causes no reconcile.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager, concurrency int) error {
	if err := mgr.GetFieldIndexer().IndexField(context.Background(), &v1alpha1.TaskSchedule{}, indexTask, taskOf); err != nil {
		return fmt.Errorf("indexing schedules: %w", err)
	}
	changed := builder.WithPredicates(predicate.GenerationChangedPredicate{})
	return ctrl.NewControllerManagedBy(mgr).
		Named("taskschedule").
		For(&v1alpha1.TaskSchedule{}, changed).
		Watches(&v1alpha1.Task{}, handler.EnqueueRequestsFromMapFunc(r.schedulesOf), changed).
		WithOptions(controller.Options{MaxConcurrentReconciles: concurrency, NewQueue: fairqueue.New}).
		Complete(r)
}

func taskOf(o client.Object) []string {
	s, ok := o.(*v1alpha1.TaskSchedule)
	if !ok {
		return nil
	}
	return []string{s.Spec.TaskRef.Name}
}

func (r *Reconciler) schedulesOf(ctx context.Context, task client.Object) []reconcile.Request {
	list := &v1alpha1.TaskScheduleList{}
	if err := r.Client.List(ctx, list, client.InNamespace(task.GetNamespace()),
		client.MatchingFields{indexTask: task.GetName()}); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "listing the schedules of a task", "task", client.ObjectKeyFromObject(task))
		return nil
	}
	requests := make([]reconcile.Request, len(list.Items))
	for i := range list.Items {
		requests[i].NamespacedName = client.ObjectKeyFromObject(&list.Items[i])
	}
	return requests
}
