// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

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
	"github.com/taskexec/taskexec/controllers/pastruns"
	"github.com/taskexec/taskexec/controllers/queue"
)

type requests = workqueue.TypedRateLimitingInterface[reconcile.Request]

// ledgerHandler records a change of an execution in the ledger and then enqueues the execution. So the ledger knows
// each execution before a worker reconciles it, in the order of the watch, and a run that is created after another has
// ended finds a free place. The handler also enqueues the executions that the ledger returns, and records which of our
// own writes the cache shows.
type ledgerHandler struct {
	handler.EnqueueRequestForObject
	ledger *queue.Ledger
	writes *ownWrites
	// past remembers deleted executions. It is told here so that it knows them before a copy is reconciled.
	past *pastruns.Runs
}

// Create implements handler.EventHandler.
func (h *ledgerHandler) Create(ctx context.Context, e event.CreateEvent, q requests) {
	h.observe(e.Object, q)
	h.EnqueueRequestForObject.Create(ctx, e, q)
}

// Update implements handler.EventHandler.
func (h *ledgerHandler) Update(ctx context.Context, e event.UpdateEvent, q requests) {
	if before, ok := e.ObjectOld.(*v1alpha1.TaskExecution); ok && before.UID != e.ObjectNew.GetUID() {
		h.past.Deleted(before) // and created again while the watch was interrupted
	}
	if h.observe(e.ObjectNew, q) {
		h.EnqueueRequestForObject.Update(ctx, e, q)
	}
}

// Delete implements handler.EventHandler.
func (h *ledgerHandler) Delete(ctx context.Context, e event.DeleteEvent, q requests) {
	if execution, ok := e.Object.(*v1alpha1.TaskExecution); ok {
		h.writes.forget(client.ObjectKeyFromObject(execution))
		h.past.Deleted(execution)
		enqueue(q, h.ledger.Forget(execution))
	}
	h.EnqueueRequestForObject.Delete(ctx, e, q)
}

// observe reports whether to reconcile the execution itself.
func (h *ledgerHandler) observe(o client.Object, q requests) (reconcile bool) {
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
