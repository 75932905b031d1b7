// Package turns says who may read a container log now: so many at once, so many of one namespace, and beyond that
// everybody in turn.
package turns

import (
	"context"
	"sync"
	"time"

	"k8s.io/utils/clock"
)

// urgentRow is how many urgent waiters are served in a row before one of the others: containers may end faster
// than their logs are read, and nobody else would be served for as long as they do.
const urgentRow = 16

// Limits of what is held at once.
type Limits struct {
	// Total over all namespaces; zero means that there is no bound but those of the namespaces.
	Total int
	// PerNamespace bounds one namespace; zero means that it has no bound of its own.
	PerNamespace int
	// Turn is how long one may hold on while others wait.
	Turn time.Duration
}

// Turns hands out turns. Its methods may be called from several goroutines.
type Turns struct {
	limits Limits
	clock  clock.WithDelayedExecution

	mu sync.Mutex
	// held, the longest first.
	held []*Turn
	// urgent waiters, and the others by namespace, each first come first served. ring has the namespaces with
	// waiters in the order in which they are served next.
	urgent []*waiter
	queues map[string][]*waiter
	ring   []string
	heldOf map[string]int
	// row counts the urgent ones that were served before others who wait.
	row int
	// timer for when the next holder's time is over, nil while nobody's is.
	timer clock.Timer
}

// Turn is the right to read. Done gives it back.
type Turn struct {
	t         *Turns
	namespace string
	since     time.Time
	over      chan struct{}
	told      bool
}

type waiter struct {
	namespace string
	granted   chan *Turn
}

// New makes Turns.
func New(l Limits, c clock.WithDelayedExecution) *Turns {
	return &Turns{limits: l, clock: c, queues: map[string][]*waiter{}, heldOf: map[string]int{}}
}

// Take waits for a turn; an error is that of ctx. urgent goes before others: a log that may vanish.
func (t *Turns) Take(ctx context.Context, namespace string, urgent bool) (*Turn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	w := &waiter{namespace: namespace, granted: make(chan *Turn, 1)}
	t.mu.Lock()
	switch {
	case urgent:
		t.urgent = append(t.urgent, w)
	default:
		if len(t.queues[namespace]) == 0 {
			t.ring = append(t.ring, namespace)
		}
		t.queues[namespace] = append(t.queues[namespace], w)
	}
	t.serve()
	t.mu.Unlock()
	select {
	case turn := <-w.granted:
		return turn, nil
	case <-ctx.Done():
		t.cancel(w)
		return nil, ctx.Err()
	}
}

// Over is closed when others wait and the turn was held for long enough: the holder should call Done, and may Take
// another.
func (h *Turn) Over() <-chan struct{} { return h.over }

// Done gives the turn back. A second call does nothing.
func (h *Turn) Done() {
	h.t.mu.Lock()
	defer h.t.mu.Unlock()
	h.t.leave(h)
	h.t.serve()
}

// Held is how many turns are held.
func (t *Turns) Held() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.held)
}

// Waiting is how many wait for one.
func (t *Turns) Waiting() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.waiting()
}

func (t *Turns) waiting() int {
	n := len(t.urgent)
	for _, q := range t.queues {
		n += len(q)
	}
	return n
}

// cancel takes a waiter away that gave up; a turn that it was given in that moment is given back.
func (t *Turns) cancel(w *waiter) {
	t.mu.Lock()
	defer t.mu.Unlock()
	select {
	case turn := <-w.granted:
		t.leave(turn)
	default:
		t.urgent = without(t.urgent, w)
		t.dequeue(w)
	}
	t.serve()
}

func (t *Turns) leave(h *Turn) {
	before := len(t.held)
	if t.held = without(t.held, h); len(t.held) < before {
		if t.heldOf[h.namespace]--; t.heldOf[h.namespace] == 0 {
			delete(t.heldOf, h.namespace)
		}
	}
}

// dequeue takes a waiter out of its namespace's queue.
func (t *Turns) dequeue(w *waiter) {
	q := without(t.queues[w.namespace], w)
	if len(q) > 0 {
		t.queues[w.namespace] = q
		return
	}
	delete(t.queues, w.namespace)
	t.ring = without(t.ring, w.namespace)
}

// serve gives turns to waiters while there is room, and then tells holders whose time is over.
func (t *Turns) serve() {
	for t.limits.Total <= 0 || len(t.held) < t.limits.Total {
		w := t.next()
		if w == nil {
			break
		}
		turn := &Turn{t: t, namespace: w.namespace, since: t.clock.Now(), over: make(chan struct{})}
		t.held = append(t.held, turn)
		t.heldOf[w.namespace]++
		w.granted <- turn
	}
	t.tell()
}

// next takes the waiter whose turn it is out of the queues, nil when none can be served.
func (t *Turns) next() *waiter {
	if t.row < urgentRow {
		if w := t.nextUrgent(); w != nil {
			t.row++
			return w
		}
	}
	t.row = 0
	if w := t.nextInRing(); w != nil {
		return w
	}
	return t.nextUrgent()
}

func (t *Turns) nextUrgent() *waiter {
	for i, w := range t.urgent {
		if !t.full(w.namespace) {
			t.urgent = append(t.urgent[:i:i], t.urgent[i+1:]...)
			return w
		}
	}
	return nil
}

func (t *Turns) nextInRing() *waiter {
	for _, namespace := range t.ring {
		if t.full(namespace) {
			continue
		}
		w := t.queues[namespace][0]
		t.dequeue(w)
		if len(t.queues[namespace]) > 0 { // to the end of the ring
			t.ring = append(without(t.ring, namespace), namespace)
		}
		return w
	}
	return nil
}

func (t *Turns) full(namespace string) bool {
	return t.limits.PerNamespace > 0 && t.heldOf[namespace] >= t.limits.PerNamespace
}

func without[T comparable](from []T, one T) []T {
	for i := range from {
		if from[i] == one {
			return append(from[:i:i], from[i+1:]...)
		}
	}
	return from
}
