// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package fairqueue

import (
	"container/heap"
	"sync"

	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// order decides which request a worker gets next. It is a workqueue.Queue: the work queue calls it, and keeps each
// request in it only once. It is safe for concurrent use.
//
// The namespaces with a waiting request form a ring. Each Pop serves the first namespace of the ring, which goes
// to the end if it has more. Within a namespace the highest priority goes first, and among equals the one that came
// first. So a request that is the next of its namespace waits for at most one request of each other namespace.
type order struct {
	mu sync.Mutex
	// wanted is the highest priority requested for a request since it was last taken.
	wanted map[reconcile.Request]int
	// taken is the priority of the requests that workers have.
	taken map[reconcile.Request]int
	items map[reconcile.Request]*item
	heaps map[string]*namespaceHeap
	ring  []string
	// pushed counts pushes and raises, to order requests by arrival.
	pushed uint64
}

// item is one waiting request.
type item struct {
	request  reconcile.Request
	priority int
	pushed   uint64
	at       int // its index in its heap
}

func newOrder() *order {
	return &order{
		wanted: map[reconcile.Request]int{}, taken: map[reconcile.Request]int{},
		items: map[reconcile.Request]*item{}, heaps: map[string]*namespaceHeap{},
	}
}

// Want says with which priority a request is about to be added. The highest one wins until the request is served.
func (o *order) Want(request reconcile.Request, priority int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if before, ok := o.wanted[request]; !ok || priority > before {
		o.wanted[request] = priority
	}
}

// Push adds a request that does not wait yet.
func (o *order) Push(request reconcile.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.pushed++
	x := &item{request: request, priority: o.wanted[request], pushed: o.pushed}
	o.items[request] = x
	l := o.heaps[request.Namespace]
	if l == nil {
		l = &namespaceHeap{}
		o.heaps[request.Namespace] = l
		o.ring = append(o.ring, request.Namespace)
	}
	heap.Push(l, x)
}

// Touch reports that a waiting request was added again. If its priority rises, it goes behind the others of that
// priority.
func (o *order) Touch(request reconcile.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	x := o.items[request]
	if x == nil || o.wanted[request] <= x.priority {
		return
	}
	o.pushed++
	x.priority, x.pushed = o.wanted[request], o.pushed
	heap.Fix(o.heaps[request.Namespace], x.at)
}

// Len returns how many requests wait.
func (o *order) Len() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.items)
}

// Pop takes the request to serve next. At least one must be waiting.
func (o *order) Pop() reconcile.Request {
	o.mu.Lock()
	defer o.mu.Unlock()
	namespace := o.ring[0]
	o.ring = o.ring[1:]
	l := o.heaps[namespace]
	x := heap.Pop(l).(*item)
	if l.Len() > 0 {
		o.ring = append(o.ring, namespace)
	} else {
		delete(o.heaps, namespace)
	}
	delete(o.items, x.request)
	delete(o.wanted, x.request)
	o.taken[x.request] = x.priority
	return x.request
}

// Priority returns the priority of a request that a worker has.
func (o *order) Priority(request reconcile.Request) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.taken[request]
}

// Done forgets the priority of a request that a worker had.
func (o *order) Done(request reconcile.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.taken, request)
}

// namespaceHeap is a heap of the waiting requests of one namespace.
type namespaceHeap []*item

// Len implements heap.Interface.
func (l namespaceHeap) Len() int { return len(l) }

// Less implements heap.Interface.
func (l namespaceHeap) Less(i, j int) bool {
	if l[i].priority != l[j].priority {
		return l[i].priority > l[j].priority
	}
	return l[i].pushed < l[j].pushed
}

// Swap implements heap.Interface.
func (l namespaceHeap) Swap(i, j int) {
	l[i], l[j] = l[j], l[i]
	l[i].at, l[j].at = i, j
}

// Push implements heap.Interface.
func (l *namespaceHeap) Push(x any) {
	added := x.(*item)
	added.at = len(*l)
	*l = append(*l, added)
}

// Pop implements heap.Interface.
func (l *namespaceHeap) Pop() any {
	last := len(*l) - 1
	x := (*l)[last]
	(*l)[last] = nil
	*l = (*l)[:last]
	return x
}
