// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package recorder

import (
	"context"

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

// recordedAtOnce is how many runs are recorded at once. Each takes one request to the API server and one to the store.
const recordedAtOnce = 4

type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

// SetupWithManager registers the watches and the upkeep of the store.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	if err := mgr.Add(&Upkeep{r}); err != nil {
		return err
	}
	return ctrl.NewControllerManagedBy(mgr).
		Named("recorder").
		Watches(&v1alpha1.TaskExecution{}, handler.Funcs{
			CreateFunc: func(_ context.Context, e event.CreateEvent, q queue) { ended(e.Object, q) },
			UpdateFunc: func(_ context.Context, e event.UpdateEvent, q queue) { ended(e.ObjectNew, q) },
			DeleteFunc: func(_ context.Context, e event.DeleteEvent, _ queue) {
				if execution, ok := e.Object.(*v1alpha1.TaskExecution); ok {
					r.deleted(execution)
				}
			},
		}).
		Watches(&v1alpha1.Task{}, handler.Funcs{
			CreateFunc: func(_ context.Context, e event.CreateEvent, _ queue) { r.seen(e.Object) },
			UpdateFunc: func(_ context.Context, e event.UpdateEvent, _ queue) { r.seen(e.ObjectNew) },
		}).
		WithOptions(controller.Options{MaxConcurrentReconciles: recordedAtOnce, NewQueue: fairqueue.New}).
		Complete(r)
}

// ended enqueues a run whose log is final.
func ended(o client.Object, q queue) {
	if e, ok := o.(*v1alpha1.TaskExecution); ok && lifecycle.LogIsFinal(e) {
		q.Add(reconcile.Request{NamespacedName: client.ObjectKeyFromObject(e)})
	}
}

func (r *Reconciler) seen(o client.Object) {
	if task, ok := o.(*v1alpha1.Task); ok {
		r.definitions.see(task)
	}
}
