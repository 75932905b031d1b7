// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package turns

// tell closes Over for holders whose time is over and whose place a waiter can use, the oldest first, and for no more
// holders than there are such waiters. It sets the timer for the next holder.
func (t *Turns) tell() {
	if t.timer != nil {
		t.timer.Stop()
		t.timer = nil
	}
	free, blocked := t.needs()
	now := t.clock.Now()
	for _, h := range t.held {
		if h.told || (blocked[h.namespace] <= 0 && free <= 0) {
			continue
		}
		if left := h.since.Add(t.limits.Turn).Sub(now); left > 0 {
			// In its own goroutine, because a fake clock calls it while the clock is locked.
			t.timer = t.clock.AfterFunc(left, func() { go t.remind() })
			return // the turns after it are younger
		}
		if blocked[h.namespace] > 0 {
			blocked[h.namespace]--
		} else {
			free--
		}
		h.told = true
		close(h.over)
	}
}

func (t *Turns) remind() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tell()
}

// needs counts the waiters that still wait after all told holders have left. free waiters can use the place of any
// holder. blocked waiters, by namespace, can only use the place of a holder of their own namespace.
func (t *Turns) needs() (free int, blocked map[string]int) {
	staying, room := map[string]int{}, t.limits.Total
	for _, h := range t.held {
		if !h.told { // the place of a told holder is taken already
			staying[h.namespace]++
			room--
		}
	}
	waiting := map[string]int{}
	for _, r := range []row{t.urgent, t.patient} {
		for namespace, q := range r.queues {
			waiting[namespace] += len(q)
		}
	}
	blocked = map[string]int{}
	for namespace, n := range waiting {
		fit := min(n, t.fit(staying[namespace], room))
		free += fit
		blocked[namespace] = min(n-fit, staying[namespace])
	}
	if t.limits.Total <= 0 {
		return 0, blocked
	}
	return free - room, blocked
}
