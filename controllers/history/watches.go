// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package history

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/fairqueue"
	"github.com/taskexec/taskexec/controllers/lifecycle"
)

// indexTask finds the executions of a Task by its name.
const indexTask = "taskexec.dev/history"

type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

// SetupWithManager registers the watches.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	if err := mgr.GetFieldIndexer().IndexField(context.Background(), &v1alpha1.TaskExecution{}, indexTask, func(o client.Object) []string {
		return []string{taskOf(o)}
	}); err != nil {
		return fmt.Errorf("indexing executions: %w", err)
	}
	return ctrl.NewControllerManagedBy(mgr).
		Named("history").
		Watches(&v1alpha1.Task{}, paced(r.Pace, func(o client.Object) string { return o.GetName() }, anyChange)).
		Watches(&v1alpha1.TaskExecution{}, paced(r.Pace, taskOf, matters)).
		WithOptions(controller.Options{NewQueue: fairqueue.New}).
		Complete(r)
}

func taskOf(o client.Object) string {
	execution, ok := o.(*v1alpha1.TaskExecution)
	if !ok {
		return ""
	}
	return execution.Spec.TaskRef.Name
}

// paced enqueues a Task some time after an event. The queue holds each Task once, at the earliest of its times, so that
// many events cause one reconcile per pace.
func paced(pace time.Duration, task func(client.Object) string, changed func(before, after client.Object) bool) handler.EventHandler {
	enqueue := func(o client.Object, q queue) {
		q.AddAfter(reconcile.Request{NamespacedName: types.NamespacedName{Namespace: o.GetNamespace(), Name: task(o)}}, pace)
	}
	return handler.Funcs{
		CreateFunc: func(_ context.Context, e event.CreateEvent, q queue) { enqueue(e.Object, q) },
		DeleteFunc: func(_ context.Context, e event.DeleteEvent, q queue) { enqueue(e.Object, q) },
		UpdateFunc: func(_ context.Context, e event.UpdateEvent, q queue) {
			if changed(e.ObjectOld, e.ObjectNew) {
				enqueue(e.ObjectNew, q)
			}
		},
	}
}

func anyChange(_, _ client.Object) bool { return true }

// matters reports whether a change of an execution may change the figures or the retention. Most changes only add to
// its log.
func matters(before, after client.Object) bool {
	a, isExecution := before.(*v1alpha1.TaskExecution)
	b, isExecutionToo := after.(*v1alpha1.TaskExecution)
	if !isExecution || !isExecutionToo {
		return false
	}
	return a.Status.Phase != b.Status.Phase || (a.Status.Job == nil) != (b.Status.Job == nil) ||
		lifecycle.LogIsFinal(a) != lifecycle.LogIsFinal(b)
}
