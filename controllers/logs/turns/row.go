// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package turns

// row has the waiters by namespace. Within a namespace it is first come, first served.
type row struct {
	queues map[string][]*waiter
	// ring has the namespaces with waiters, in the order in which they began to wait or were last served.
	ring []string
}

func newRow() row { return row{queues: map[string][]*waiter{}} }

func (r *row) add(w *waiter) {
	if len(r.queues[w.namespace]) == 0 {
		r.ring = append(r.ring, w.namespace)
	}
	r.queues[w.namespace] = append(r.queues[w.namespace], w)
}

// remove removes a waiter, if it is in the row.
func (r *row) remove(w *waiter) {
	q := without(r.queues[w.namespace], w)
	if len(q) > 0 {
		r.queues[w.namespace] = q
		return
	}
	delete(r.queues, w.namespace)
	r.ring = without(r.ring, w.namespace)
}

// next removes and returns the waiter whose turn it is. It is in the namespace that holds the fewest turns; among
// equals, in the one that waits longest. Namespaces that are full are skipped. next returns nil if no other has a
// waiter.
func (r *row) next(held map[string]int, full func(namespace string) bool) *waiter {
	first, found := "", false
	for _, namespace := range r.ring {
		if !full(namespace) && (!found || held[namespace] < held[first]) {
			first, found = namespace, true
		}
	}
	if !found {
		return nil
	}
	w := r.queues[first][0]
	r.remove(w)
	if len(r.queues[first]) > 0 { // to the end of the ring
		r.ring = append(without(r.ring, first), first)
	}
	return w
}

func (r *row) len() (n int) {
	for _, q := range r.queues {
		n += len(q)
	}
	return n
}

func without[T comparable](from []T, one T) []T {
	for i := range from {
		if from[i] == one {
			return append(from[:i:i], from[i+1:]...)
		}
	}
	return from
}
