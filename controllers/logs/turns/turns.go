// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package turns limits how many container logs are read at once, in total and for each namespace. If more wait, they
// take turns. The archive also uses it for its uploads.
package turns

import (
	"context"
	"math"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"github.com/taskexec/taskexec/controllers/logs/share"
)

// urgentRow is how many urgent waiters are served in a row before a patient one. If containers end faster than their
// logs are read, patient waiters would otherwise never be served.
const urgentRow = 16

// Limits limit how many turns are held at once.
type Limits struct {
	// Total is the limit over all namespaces. Zero means that only PerNamespace limits.
	Total int
	// PerNamespace is the limit of one namespace. Zero means that it may hold four fifths of what the others leave (see
	// share).
	PerNamespace int
	// Turn is how long a turn lasts while others wait.
	Turn time.Duration
}

// Turns hands out turns. Its methods may be called from several goroutines.
type Turns struct {
	limits Limits
	clock  clock.WithDelayedExecution

	mu sync.Mutex
	// held are the held turns, the oldest first.
	held []*Turn
	// urgent waiters come before patient ones.
	urgent, patient row
	heldOf          map[string]int
	// inARow counts the urgent waiters that were served since the last patient one.
	inARow int
	// timer fires when the next holder's time is over. It is nil if there is no holder.
	timer clock.Timer
}

// Turn is the right to read. Done returns it.
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

// New returns Turns without holders.
func New(l Limits, c clock.WithDelayedExecution) *Turns {
	return &Turns{limits: l, clock: c, urgent: newRow(), patient: newRow(), heldOf: map[string]int{}}
}

// Take waits for a turn. Its error is that of ctx. An urgent waiter, whose log may vanish, comes before others.
func (t *Turns) Take(ctx context.Context, namespace string, urgent bool) (*Turn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	w := &waiter{namespace: namespace, granted: make(chan *Turn, 1)}
	t.mu.Lock()
	if urgent {
		t.urgent.add(w)
	} else {
		t.patient.add(w)
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

// Over is closed when others wait and the turn was held for long enough. Then the holder should call Done, and may Take
// another turn.
func (h *Turn) Over() <-chan struct{} { return h.over }

// Done returns the turn. A second call does nothing.
func (h *Turn) Done() {
	h.t.mu.Lock()
	defer h.t.mu.Unlock()
	h.t.leave(h)
	h.t.serve()
}

// Held returns how many turns are held.
func (t *Turns) Held() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.held)
}

// Waiting returns how many callers of Take wait.
func (t *Turns) Waiting() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.urgent.len() + t.patient.len()
}

// cancel removes a waiter that gave up. If it got a turn at the same moment, the turn is returned.
func (t *Turns) cancel(w *waiter) {
	t.mu.Lock()
	defer t.mu.Unlock()
	select {
	case turn := <-w.granted:
		t.leave(turn)
	default:
		t.urgent.remove(w)
		t.patient.remove(w)
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

// serve grants turns to waiters while there is room. Then it tells holders whose time is over.
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

// next removes the waiter whose turn it is from its row and returns it, or nil if none can be served.
func (t *Turns) next() *waiter {
	if t.inARow < urgentRow {
		if w := t.urgent.next(t.heldOf, t.full); w != nil {
			t.inARow++
			return w
		}
	}
	t.inARow = 0
	if w := t.patient.next(t.heldOf, t.full); w != nil {
		return w
	}
	return t.urgent.next(t.heldOf, t.full)
}

// full reports whether a namespace may hold no more turns.
func (t *Turns) full(namespace string) bool {
	held := t.heldOf[namespace]
	switch {
	case t.limits.PerNamespace > 0:
		return held >= t.limits.PerNamespace
	case t.limits.Total > 0:
		return !share.May(int64(held), int64(t.limits.Total-len(t.held)))
	default:
		return false
	}
}

// fit returns how many more turns a namespace could hold, given the turns that it holds and the free places.
func (t *Turns) fit(holds, free int) int {
	switch {
	case t.limits.PerNamespace > 0:
		return t.limits.PerNamespace - holds
	case t.limits.Total > 0:
		return int(share.Fit(int64(holds), int64(free)))
	default:
		return math.MaxInt
	}
}
