// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package fairqueue is the work queue of our controllers. It serves the namespaces in turn: however many requests one
// namespace has, they delay each request of another by at most one reconcile.
//
//	Add, AddAfter, AddRateLimited ──▶ controller-runtime's queue ──▶ client-go's queue ──▶ workers
//	                                  (delays, back-off,             (what waits, what is worked on,
//	                                   priorities)                    in our order)
package fairqueue

import (
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// Queue serves requests by namespace in turn, within a namespace by priority, and then first come, first served.
//
// Priorities apply within a namespace only. controller-runtime gives a low priority to objects from before the start.
// If these came after the new requests of all namespaces, a flood in one namespace would stop the runs of the others
// after a restart.
type Queue struct {
	// PriorityQueue holds requests until they are due. It provides all ways to add a request.
	priorityqueue.PriorityQueue[reconcile.Request]
	// due are the requests that wait for a worker.
	due   workqueue.TypedInterface[reconcile.Request]
	order *order
}

// New returns the queue of a controller, for controller.Options.NewQueue. ShutDown ends its goroutines.
func New(name string, limiter workqueue.TypedRateLimiter[reconcile.Request]) workqueue.TypedRateLimitingInterface[reconcile.Request] {
	order := newOrder()
	q := &Queue{
		// The queue has no name and so no metrics. The metrics of the due requests have the controller's name.
		PriorityQueue: priorityqueue.New("", func(o *priorityqueue.Opts[reconcile.Request]) { o.RateLimiter = limiter }),
		due:           workqueue.NewTypedWithConfig(workqueue.TypedQueueConfig[reconcile.Request]{Name: name, Queue: order}),
		order:         order,
	}
	go q.forward()
	return q
}

// forward passes on each request as soon as it is due, until ShutDown.
func (q *Queue) forward() {
	for {
		request, priority, shutdown := q.PriorityQueue.GetWithPriority()
		if shutdown {
			return
		}
		q.order.Want(request, priority)
		q.due.Add(request)
		q.PriorityQueue.Done(request)
	}
}

// GetWithPriority waits for the next request and returns it with its priority. shutdown is true after ShutDown, also
// while requests are left.
func (q *Queue) GetWithPriority() (request reconcile.Request, priority int, shutdown bool) {
	request, shutdown = q.due.Get()
	if shutdown || q.due.ShuttingDown() {
		return reconcile.Request{}, 0, true
	}
	return request, q.order.Priority(request), false
}

// Get is GetWithPriority without the priority.
func (q *Queue) Get() (request reconcile.Request, shutdown bool) {
	request, _, shutdown = q.GetWithPriority()
	return request, shutdown
}

// Done ends the work on a request that Get returned. If it was added meanwhile, it waits again.
func (q *Queue) Done(request reconcile.Request) {
	q.order.Done(request)
	q.due.Done(request)
}

// Len returns how many requests wait for a worker.
func (q *Queue) Len() int { return q.PriorityQueue.Len() + q.due.Len() }

// ShutDown ends the queue and drops the remaining requests. The next start finds them again.
func (q *Queue) ShutDown() {
	q.PriorityQueue.ShutDown()
	q.due.ShutDown()
}

// ShutDownWithDrain is ShutDown, as in controller-runtime's own queue: nobody waits for a drain.
func (q *Queue) ShutDownWithDrain() { q.ShutDown() }
