// Package budget divides a rate of bytes between namespaces. A namespace that wants more than its share does not delay
// the others: each namespace owes what it took, and the income of bytes pays all debts in equal parts.
package budget

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"k8s.io/utils/clock"
)

const (
	// leastSavings is the least that may be saved up while nobody asks for bytes: the largest status is about this.
	leastSavings = 512 << 10
	// mostCharged bounds the debt that Charge can make to what the whole budget pays in this time, so that a burst of
	// charges does not keep a namespace waiting for long.
	mostCharged = 10 * time.Second
)

// Budget of bytes a second. Its methods may be called from several goroutines.
//
// A namespace without a debt may take bytes at once, however many, and owes them from then on. One with a debt waits
// until it is paid. So over time the sum of all is the rate, and beside it each namespace can be ahead by one take.
// Unused bytes are saved, up to one second's worth. They pay for the next takes, whatever their namespace.
type Budget struct {
	// rate in bytes a second.
	rate  float64
	clock clock.WithDelayedExecution

	mu      sync.Mutex
	savings float64
	at      time.Time
	// accounts of the namespaces that owe something; who waits owes something.
	accounts map[string]*account
	// timer for when the next of those who wait has no debt, nil while nobody waits.
	timer clock.Timer
}

// account of a namespace.
type account struct {
	debt float64
	// line of those who wait, first come first served.
	line []*Wait
}

// Wait of somebody for bytes.
type Wait struct {
	b         *Budget
	namespace string
	bytes     float64
	granted   func()
}

// New makes a Budget. It begins with one second's bytes saved.
func New(bytesPerSecond int, c clock.WithDelayedExecution) *Budget {
	b := &Budget{rate: float64(bytesPerSecond), clock: c, at: c.Now(), accounts: map[string]*account{}}
	b.savings = b.mostSaved()
	return b
}

func (b *Budget) mostSaved() float64 { return max(b.rate, leastSavings) }

// Take takes bytes for a namespace. It returns nil if they were taken at once. Otherwise granted is called, in a goroutine
// of its own, when they were taken, unless the Wait was stopped before.
func (b *Budget) Take(namespace string, bytes int64, granted func()) *Wait {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.advance()
	a := b.accounts[namespace]
	if a == nil {
		b.owe(namespace, float64(bytes))
		return nil
	}
	w := &Wait{b: b, namespace: namespace, bytes: float64(bytes), granted: granted}
	a.line = append(a.line, w)
	b.arrange()
	return w
}

// Charge takes bytes for a namespace that were used already. They delay what that namespace takes next, and no other.
func (b *Budget) Charge(namespace string, bytes int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.advance()
	before := 0.0
	if a := b.accounts[namespace]; a != nil {
		before = a.debt
	}
	b.owe(namespace, float64(bytes))
	if a := b.accounts[namespace]; a != nil {
		a.debt = min(a.debt, max(before, b.rate*mostCharged.Seconds()))
	}
	b.arrange()
}

// Stop takes back what was asked for. It reports whether it was still waited for.
func (w *Wait) Stop() bool {
	b := w.b
	b.mu.Lock()
	defer b.mu.Unlock()
	a := b.accounts[w.namespace]
	if a == nil {
		return false
	}
	for i := range a.line {
		if a.line[i] == w {
			a.line = append(a.line[:i:i], a.line[i+1:]...)
			b.arrange()
			return true
		}
	}
	return false
}

// owe adds to what a namespace owes, as far as the savings do not pay for it. The lock is held, here and below.
func (b *Budget) owe(namespace string, bytes float64) {
	paid := min(bytes, b.savings)
	b.savings -= paid
	if paid == bytes {
		return
	}
	a := b.accounts[namespace]
	if a == nil {
		a = &account{}
		b.accounts[namespace] = a
	}
	a.debt += bytes - paid
}

// advance pays debts with the income since it was called last.
func (b *Budget) advance() {
	now := b.clock.Now()
	income := b.rate * now.Sub(b.at).Seconds()
	if income <= 0 {
		return
	}
	b.at = now
	level, left := split(debtsOf(b.accounts), income)
	for namespace, a := range b.accounts {
		// Less than a byte is nothing: time has no smaller parts than nanoseconds.
		if a.debt -= level; a.debt < 1 {
			a.debt = 0
			if len(a.line) == 0 {
				delete(b.accounts, namespace)
			}
		}
	}
	b.savings = min(b.savings+left, b.mostSaved())
}

// arrange sets the timer for the next who waits.
func (b *Budget) arrange() {
	if b.timer != nil {
		b.timer.Stop()
		b.timer = nil
	}
	debts, least := debtsOf(b.accounts), -1.0
	for _, a := range b.accounts {
		if len(a.line) > 0 && (least < 0 || a.debt < least) {
			least = a.debt
		}
	}
	if least < 0 {
		return
	}
	// A nanosecond more, because a part of one is cut off. On its own, because a fake clock calls it while it is locked.
	wait := time.Duration(due(least, debts)/b.rate*float64(time.Second)) + 1
	b.timer = b.clock.AfterFunc(wait, func() { go b.serve() })
}

// serve returns bytes to those who wait in namespaces without a debt.
func (b *Budget) serve() {
	b.mu.Lock()
	b.advance()
	var served []*Wait
	for namespace, a := range b.accounts {
		for a.debt == 0 && len(a.line) > 0 {
			served = append(served, a.line[0])
			b.owe(namespace, a.line[0].bytes)
			a.line = a.line[1:]
		}
		if a.debt == 0 && len(a.line) == 0 {
			delete(b.accounts, namespace)
		}
	}
	b.arrange()
	b.mu.Unlock()
	slices.SortStableFunc(served, func(v, w *Wait) int { return cmp.Compare(v.namespace, w.namespace) })
	for _, w := range served {
		w.granted()
	}
}
