// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package deliver

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"golang.org/x/time/rate"

	"github.com/taskexec/taskexec/controllers/notify/send"
)

const (
	// atOnce is how many messages a quiet target gets without a wait.
	atOnce = 5
	// flood is how many waiting deliveries of a group are summed up into one message.
	flood = 5
	// maxSummed bounds the deliveries of one message.
	maxSummed = 1000
)

// waiting is a delivery in a queue.
type waiting struct {
	Delivery
	tries  int
	reason string
}

// queue has the deliveries of one target, in the order in which they are tried. It is not safe for concurrent use, and
// has no clock.
type queue struct {
	limits  Limits
	limiter *rate.Limiter
	waiting []waiting
	// known are the ids of the waiting ones and of those that are being tried.
	known map[string]bool
	// failures counts the attempts without an answer since the last one with an answer.
	failures int
	// pausedUntil is when the target may be tried again.
	pausedUntil time.Time
}

func newQueue(l Limits) *queue {
	return &queue{limits: l, limiter: rate.NewLimiter(perMinute(l), atOnce), known: map[string]bool{}}
}

func perMinute(l Limits) rate.Limit { return rate.Limit(float64(max(1, l.PerMinute)) / 60) }

// limit changes the limits.
func (q *queue) limit(l Limits, now time.Time) {
	if l != q.limits {
		q.limits = l
		q.limiter.SetLimitAt(now, perMinute(l))
	}
}

// offer adds a delivery. It reports false if the queue is full. A delivery that is known is not added again.
func (q *queue) offer(d Delivery, most int) bool {
	if q.known[d.ID] {
		return true
	}
	if len(q.known) >= most {
		return false
	}
	q.known[d.ID] = true
	q.waiting = append(q.waiting, waiting{Delivery: d})
	return true
}

// expire takes out the deliveries whose deadline has come.
func (q *queue) expire(now time.Time) (failed []Result) {
	q.waiting = slices.DeleteFunc(q.waiting, func(w waiting) bool {
		if w.Deadline.After(now) {
			return false
		}
		reason := "the deadline came before it was tried"
		if w.tries > 0 {
			reason = fmt.Sprintf("not delivered until its deadline: %s", w.reason)
		}
		failed = append(failed, q.settled(w, Failed, reason, "", now))
		return true
	})
	return failed
}

// wait returns after how long there is something to do. It is zero if there is now, and negative if nothing waits.
func (q *queue) wait(now time.Time) time.Duration {
	if len(q.waiting) == 0 {
		return -1
	}
	next := q.pausedUntil
	if missing := 1 - q.limiter.TokensAt(now); missing > 0 {
		refilled := now.Add(time.Duration(missing / float64(q.limiter.Limit()) * float64(time.Second)))
		if refilled.After(next) {
			next = refilled
		}
	}
	if !next.After(now) {
		return 0
	}
	expires := slices.MinFunc(q.waiting, func(a, b waiting) int { return a.Deadline.Compare(b.Deadline) }).Deadline
	if expires.Before(next) {
		next = expires
	}
	return max(time.Millisecond, next.Sub(now))
}

// take takes out the deliveries of the next message: the first one, and those of its group if they are a flood. It
// returns none if the rate does not allow it yet.
func (q *queue) take(now time.Time) (batch []waiting) {
	if len(q.waiting) == 0 || !q.limiter.AllowN(now, 1) {
		return nil
	}
	first := q.waiting[0]
	same := 0
	for _, w := range q.waiting {
		if w.Group == first.Group {
			same++
		}
	}
	if first.Group == "" || same < flood {
		q.waiting = slices.Delete(q.waiting, 0, 1)
		return []waiting{first}
	}
	q.waiting = slices.DeleteFunc(q.waiting, func(w waiting) bool {
		if w.Group != first.Group || len(batch) == maxSummed {
			return false
		}
		batch = append(batch, w)
		return true
	})
	// The id of the message is that of its first delivery. If an attempt was made with them, it is the same again.
	slices.SortStableFunc(batch, func(a, b waiting) int { return cmp.Compare(b.tries, a.tries) })
	return batch
}

// settle applies the verdict on a batch. Deliveries to retry go to the end of the queue, so that one that the target
// cannot take does not hold up the others. jitter is from 0 to 1.
func (q *queue) settle(batch []waiting, v send.Verdict, jitter float64, now time.Time) (settled []Result) {
	if v.Outcome == send.Retry {
		q.failures++
		q.pausedUntil = now.Add(pause(q.failures, v.After, jitter))
	} else {
		q.failures, q.pausedUntil = 0, time.Time{}
	}
	for _, w := range batch {
		w.tries++
		w.reason = v.Reason
		switch v.Outcome {
		case send.Delivered:
			settled = append(settled, q.settled(w, Delivered, "", batch[0].ID, now))
		case send.Refused:
			settled = append(settled, q.settled(w, Failed, v.Reason, "", now))
		default:
			q.waiting = append(q.waiting, w)
		}
	}
	return settled
}

// drop forgets all deliveries.
func (q *queue) drop() {
	clear(q.known)
	q.waiting = nil
}

// settled forgets a delivery and says what became of it.
func (q *queue) settled(w waiting, s State, reason, message string, now time.Time) Result {
	delete(q.known, w.ID)
	return Result{Delivery: w.Delivery, State: s, Tries: w.tries, Reason: reason, Message: message, At: now}
}

const (
	firstPause = time.Second
	maxPause   = 5 * time.Minute
)

// pause returns how long a target is left alone after so many failures: 1 s, doubled up to 5 minutes, and between half
// and all of that. If the receiver said how long, it is that and up to a tenth more.
func pause(failures int, after time.Duration, jitter float64) time.Duration {
	if after > 0 {
		return after + time.Duration(jitter*float64(after/10))
	}
	doubled := maxPause
	if shift := failures - 1; shift < 10 {
		doubled = min(maxPause, firstPause<<max(0, shift))
	}
	return doubled/2 + time.Duration(jitter*float64(doubled/2))
}
