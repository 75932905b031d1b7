package taskexecution

import (
	"context"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/queue"
)

type requests = workqueue.TypedRateLimitingInterface[reconcile.Request]

// ledgerHandler enqueues an execution that changed, after the ledger took notice. So the ledger has each
// execution before a worker looks at it, in the order of the watch, and a run that was created after another
// ended finds its turn free. What has to be looked at besides is enqueued too. And it is noticed that the cache shows
// what was written from here.
type ledgerHandler struct {
	handler.EnqueueRequestForObject
	ledger *queue.Ledger
	writes *ownWrites
}

// Create implements handler.EventHandler.
func (h *ledgerHandler) Create(ctx context.Context, e event.CreateEvent, q requests) {
	h.observe(e.Object, q)
	h.EnqueueRequestForObject.Create(ctx, e, q)
}

// Update implements handler.EventHandler.
func (h *ledgerHandler) Update(ctx context.Context, e event.UpdateEvent, q requests) {
	if h.observe(e.ObjectNew, q) {
		h.EnqueueRequestForObject.Update(ctx, e, q)
	}
}

// Delete implements handler.EventHandler.
func (h *ledgerHandler) Delete(ctx context.Context, e event.DeleteEvent, q requests) {
	if execution, ok := e.Object.(*v1alpha1.TaskExecution); ok {
		h.writes.forget(client.ObjectKeyFromObject(execution))
		enqueue(q, h.ledger.Forget(execution))
	}
	h.EnqueueRequestForObject.Delete(ctx, e, q)
}

// observe reports whether the execution itself is to be looked at.
func (h *ledgerHandler) observe(o client.Object, q requests) (look bool) {
	execution, ok := o.(*v1alpha1.TaskExecution)
	if !ok {
		return false
	}
	enqueue(q, h.ledger.Observe(execution))
	return h.writes.seen(execution)
}

func enqueue(q requests, keys []types.NamespacedName) {
	for _, key := range keys {
		q.Add(reconcile.Request{NamespacedName: key})
	}
}
