// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package deliver delivers messages: each target has a queue, a rate and a pause of its own, so that none delays another.
//
//	Offer ──▶ queue of the target ──▶ Sender (makes the message, one attempt) ──▶ verdict ──▶ queue ──▶ Report
//	           keys, not messages                                                  retry: to the end, and a pause
//
// queue.go decides and is pure. This file has the clock and one goroutine for each target with something to deliver.
//
// Nothing is stored. What is not settled when the process ends is offered again by the next one, with the same id.
package deliver

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"github.com/taskexec/taskexec/controllers/notify/rules"
	"github.com/taskexec/taskexec/controllers/notify/send"
)

// MaxQueued is how many deliveries of one target are under way at most. Each takes some 300 bytes.
const MaxQueued = 10000

// Delivery is one event that one target should learn of.
type Delivery struct {
	// ID is that of package message.
	ID string
	// Subject and UID name the run or the schedule that the event is about.
	Subject types.NamespacedName
	UID     types.UID
	Due     rules.Due
	// Missed are the ticks, for NotRun of a schedule.
	Missed rules.Missed
	// Group is what deliveries have in common that may be summed up, such as a Task and an event. Empty means that the
	// delivery gets a message of its own.
	Group string
	// Deadline is when it is given up.
	Deadline time.Time
}

// State is what became of a delivery.
type State string

// The states.
const (
	// Delivered: the receiver took the message.
	Delivered State = "Delivered"
	// Failed: it was refused, or not delivered until the deadline.
	Failed State = "Failed"
)

// Result is a settled delivery.
type Result struct {
	Delivery
	State State
	// Tries is how many attempts were made.
	Tries int
	// Reason is why it failed, for people.
	Reason string
	// Message is the id of the delivered message. It is another one's if several deliveries were summed up.
	Message string
	At      time.Time
}

// Sender makes the message about the first delivery, which says that there are more like it, and makes one attempt. It
// must return soon after ctx ends.
type Sender interface {
	Send(ctx context.Context, target types.NamespacedName, batch []Delivery) send.Verdict
}

// Limits are those of one target.
type Limits struct {
	// PerMinute is how many messages it gets a minute, at least 1.
	PerMinute int
}

// Deliverer has the queues. It is safe for concurrent use.
type Deliverer struct {
	ctx    context.Context //nolint:containedctx // the life of the goroutines, which Offer starts
	clock  clock.WithTicker
	sender Sender
	report func(target types.NamespacedName, settled []Result)

	mu     sync.Mutex
	queues map[types.NamespacedName]*running
	done   sync.WaitGroup
}

// running is a queue with its goroutine.
type running struct {
	*queue
	// active means that the goroutine runs, gone that the target was forgotten.
	active, gone bool
}

// New returns a Deliverer whose goroutines end with ctx. It calls report, from several goroutines, with what is settled.
func New(ctx context.Context, c clock.WithTicker, s Sender, report func(target types.NamespacedName, settled []Result)) *Deliverer {
	return &Deliverer{ctx: ctx, clock: c, sender: s, report: report, queues: map[types.NamespacedName]*running{}}
}

// Offer takes a delivery, and reports false if the target's queue is full or the Deliverer has ended. Then the caller
// offers it again later. A delivery that is under way is not taken twice. A settled one is: the caller knows its Result.
func (d *Deliverer) Offer(target types.NamespacedName, l Limits, one Delivery) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ctx.Err() != nil {
		return false
	}
	q, ok := d.queues[target]
	if !ok {
		q = &running{queue: newQueue(l)}
		d.queues[target] = q
	}
	q.limit(l, d.clock.Now())
	if !q.offer(one, MaxQueued) {
		return false
	}
	if !q.active {
		q.active = true
		d.done.Go(func() { d.run(target, q) })
	}
	return true
}

// Forget drops a target that no longer exists, with what waits for it. An attempt that is being made is still reported.
func (d *Deliverer) Forget(target types.NamespacedName) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if q, ok := d.queues[target]; ok {
		q.drop()
		q.gone = true
		delete(d.queues, target)
	}
}

// Queued returns how many deliveries of a target are under way.
func (d *Deliverer) Queued(target types.NamespacedName) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if q, ok := d.queues[target]; ok {
		return len(q.known)
	}
	return 0
}

// Wait returns when all goroutines have ended.
func (d *Deliverer) Wait() { d.done.Wait() }

// run delivers until nothing waits.
func (d *Deliverer) run(target types.NamespacedName, q *running) {
	for d.ctx.Err() == nil {
		batch, expired, wait := d.next(q)
		if len(expired) > 0 {
			d.report(target, expired)
		}
		switch {
		case len(batch) > 0:
			verdict := d.sender.Send(d.ctx, target, deliveries(batch))
			if d.ctx.Err() != nil {
				return // it is not known whether the attempt was cut off
			}
			if settled := d.settle(q, batch, verdict); len(settled) > 0 {
				d.report(target, settled)
			}
		case wait < 0:
			return
		case wait > 0:
			select {
			case <-d.ctx.Done():
			case <-d.clock.After(wait):
			}
		}
	}
}

// next returns what to do: a message to send, results to report, or how long to wait. wait is negative if nothing is left;
// then the goroutine counts as ended.
func (d *Deliverer) next(q *running) (batch []waiting, expired []Result, wait time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.clock.Now()
	expired = q.expire(now)
	if wait = q.wait(now); wait == 0 {
		batch = q.take(now)
	}
	q.active = wait >= 0
	return batch, expired, wait
}

func (d *Deliverer) settle(q *running, batch []waiting, v send.Verdict) []Result {
	d.mu.Lock()
	defer d.mu.Unlock()
	settled := q.settle(batch, v, rand.Float64(), d.clock.Now()) //nolint:gosec // jitter is no secret
	if q.gone {
		q.drop()
	}
	return settled
}

func deliveries(batch []waiting) []Delivery {
	all := make([]Delivery, len(batch))
	for i, w := range batch {
		all[i] = w.Delivery
	}
	return all
}
