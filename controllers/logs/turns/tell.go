package turns

// tell closes Over for holders whose leaving helps a waiter, the longest first and no more than there are waiters
// to help, and sets the timer for the next one.
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
			// On its own, because a fake clock calls it while the clock itself is locked.
			t.timer = t.clock.AfterFunc(left, func() { go t.remind() })
			return // those after it have held for less
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

// needs counts the waiters who will still wait when all holders who were told have left: those that any other
// holder's leaving helps, and by namespace those that only one of their own helps.
func (t *Turns) needs() (free int, blocked map[string]int) {
	staying, room := map[string]int{}, t.limits.Total
	for _, h := range t.held {
		if !h.told { // the place of one who was told is promised
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
