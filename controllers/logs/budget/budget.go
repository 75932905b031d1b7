// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package budget divides a rate of bytes between namespaces. Each namespace owes the bytes that it took, and the income
// of bytes pays all debts in equal parts. So a namespace that wants more than its share does not delay the others.
package budget

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"k8s.io/utils/clock"
)

const (
	// leastSavings is the least limit of the savings: about the size of the largest status.
	leastSavings = 512 << 10
	// mostCharged bounds the debt that Charge adds: to what the whole budget pays in this time. So a namespace does not
	// wait long after a burst of charges.
	mostCharged = 10 * time.Second
)

// Budget is a budget of bytes a second. Its methods may be called from several goroutines.
//
// A namespace without a debt takes any number of bytes at once, and owes them. A namespace with a debt waits until it
// is paid. So over time the sum of all takes is the rate, and each namespace can be ahead by one take. Unused bytes are
// saved, up to one second's worth, and pay for the next takes of any namespace.
type Budget struct {
	// rate is in bytes a second.
	rate  float64
	clock clock.WithDelayedExecution

	mu      sync.Mutex
	savings float64
	at      time.Time
	// accounts has the namespaces with a debt. A waiting namespace has a debt.
	accounts map[string]*account
	// timer fires when the next waiting namespace has no debt. It is nil while none waits.
	timer clock.Timer
}

// account is the account of a namespace.
type account struct {
	debt float64
	// line has the waits, first come, first served.
	line []*Wait
}

// Wait is a Take that waits for its bytes.
type Wait struct {
	b         *Budget
	namespace string
	bytes     float64
	granted   func()
}

// New returns a Budget with one second's bytes saved.
func New(bytesPerSecond int, c clock.WithDelayedExecution) *Budget {
	b := &Budget{rate: float64(bytesPerSecond), clock: c, at: c.Now(), accounts: map[string]*account{}}
	b.savings = b.mostSaved()
	return b
}

func (b *Budget) mostSaved() float64 { return max(b.rate, leastSavings) }

// Take takes bytes for a namespace. It returns nil if it took them at once. Otherwise it returns a Wait. It calls
// granted in another goroutine when it has taken them, unless the Wait was stopped before.
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

// Charge takes bytes that a namespace has already used. They delay only the next Take of that namespace.
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

// Stop withdraws the Take. It reports whether the Take still waited.
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

// owe adds bytes to a namespace's debt, unless the savings pay for them. Here and below, the caller holds the lock.
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

// advance pays debts with the income since its last call.
func (b *Budget) advance() {
	now := b.clock.Now()
	income := b.rate * now.Sub(b.at).Seconds()
	if income <= 0 {
		return
	}
	b.at = now
	level, left := split(debtsOf(b.accounts), income)
	for namespace, a := range b.accounts {
		// Less than a byte counts as paid, because a timer cannot wait for a fraction of a nanosecond.
		if a.debt -= level; a.debt < 1 {
			a.debt = 0
			if len(a.line) == 0 {
				delete(b.accounts, namespace)
			}
		}
	}
	b.savings = min(b.savings+left, b.mostSaved())
}

// arrange sets the timer for the next Wait.
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
	// One nanosecond is added, because the conversion rounds down. The goroutine is needed because a fake clock calls
	// the function while the clock is locked.
	wait := time.Duration(due(least, debts)/b.rate*float64(time.Second)) + 1
	b.timer = b.clock.AfterFunc(wait, func() { go b.serve() })
}

// serve grants the Waits of namespaces without a debt.
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
