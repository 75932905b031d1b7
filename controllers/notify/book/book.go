// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package book keeps account of the deliveries of runs: which are to be offered, which are under way, and which outcomes
// are to be written. It is pure: it has no client and no clock.
//
//	due events ──▶ Missing ──▶ (offer) ──▶ Began ──▶ (attempts) ──▶ Settled ──▶ Entries ──▶ (write) ──▶ Wrote
//	  written entries ─┘                                                           └ when all are settled, or a minute
//	                                                                                 after the first one began
//
// The account is lost when the process ends. Then the written entries say what was delivered, and what they lack is
// offered again with the same id. So a message arrives twice only if the process ended between its delivery and the write.
package book

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/controllers/notify/deliver"
	"github.com/taskexec/taskexec/controllers/notify/rules"
)

// patience is how long after the first delivery began its outcome is written, even if others are still under way.
const patience = time.Minute

// Entry is the outcome of one delivery, as it is written.
type Entry struct {
	// ID is that of the delivery.
	ID     string
	Event  rules.Event
	Target string
	State  deliver.State
	Tries  int
	// Reason is why it failed.
	Reason string
	// Message is the id of the delivered message, if the delivery was summed up in another one.
	Message string
	At      time.Time
}

// Wanted is a delivery that a target should get.
type Wanted struct {
	ID     string
	Event  rules.Event
	Target string
}

// Book has the accounts of runs that have deliveries under way or not written. It is safe for concurrent use.
type Book struct {
	mu   sync.Mutex
	runs map[types.UID]*account
}

// account is that of one run.
type account struct {
	// underway are the offered deliveries without an outcome. The time is when they are given up.
	underway map[string]underway
	// settled are the outcomes that are not written.
	settled map[string]Entry
	// began is when the first of them began.
	began time.Time
}

type underway struct {
	Wanted
	deadline time.Time
}

// New returns an empty Book.
func New() *Book { return &Book{runs: map[types.UID]*account{}} }

// Missing returns the wanted deliveries of a run that are neither written nor known. Of two events about the end of a run,
// a target gets the one that came first.
func (b *Book) Missing(run types.UID, wanted []Wanted, written []Entry) (missing []Wanted) {
	b.mu.Lock()
	defer b.mu.Unlock()
	known := make([]Wanted, 0, len(written))
	for _, e := range written {
		known = append(known, Wanted{e.ID, e.Event, e.Target})
	}
	if a, ok := b.runs[run]; ok {
		for _, u := range a.underway {
			known = append(known, u.Wanted)
		}
		for _, e := range a.settled {
			known = append(known, Wanted{e.ID, e.Event, e.Target})
		}
	}
	for _, w := range wanted {
		if !slices.ContainsFunc(known, w.same) {
			known = append(known, w)
			missing = append(missing, w)
		}
	}
	return missing
}

// same reports whether a target needs only one of two deliveries of a run.
func (w Wanted) same(other Wanted) bool {
	return w.ID == other.ID || w.Target == other.Target && rules.AboutTheEnd(w.Event) && rules.AboutTheEnd(other.Event)
}

// Began notes that a delivery was offered and taken.
func (b *Book) Began(run types.UID, w Wanted, deadline, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	a, ok := b.runs[run]
	if !ok {
		a = &account{underway: map[string]underway{}, settled: map[string]Entry{}}
		b.runs[run] = a
	}
	if len(a.underway)+len(a.settled) == 0 {
		a.began = now
	}
	a.underway[w.ID] = underway{w, deadline}
}

// Settled notes the outcome of a delivery that began.
func (b *Book) Settled(run types.UID, r deliver.Result) {
	b.mu.Lock()
	defer b.mu.Unlock()
	a, ok := b.runs[run]
	if !ok {
		return // the run was removed
	}
	u, ok := a.underway[r.ID]
	if !ok {
		return
	}
	e := Entry{ID: r.ID, Event: u.Event, Target: u.Target, State: r.State, Tries: r.Tries, Reason: r.Reason, At: r.At}
	if r.Message != r.ID {
		e.Message = r.Message
	}
	delete(a.underway, r.ID)
	a.settled[r.ID] = e
}

// Entries returns the entries of a run to write now: the written ones and the new outcomes, oldest first. It returns none
// if there is nothing to write yet, and after how long there may be. wait is zero if only an outcome can change that.
func (b *Book) Entries(run types.UID, written []Entry, now time.Time) (entries []Entry, wait time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	a, ok := b.runs[run]
	if !ok || len(a.settled) == 0 {
		return nil, 0
	}
	if left := patience - now.Sub(a.began); len(a.underway) > 0 && left > 0 {
		return nil, left
	}
	entries = slices.DeleteFunc(slices.Clone(written), func(e Entry) bool { _, again := a.settled[e.ID]; return again })
	entries = slices.AppendSeq(entries, maps.Values(a.settled))
	slices.SortFunc(entries, func(x, y Entry) int {
		if c := x.At.Compare(y.At); c != 0 {
			return c
		}
		return strings.Compare(x.ID, y.ID)
	})
	return entries, 0
}

// Wrote notes that entries of a run were written.
func (b *Book) Wrote(run types.UID, entries []Entry, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	a, ok := b.runs[run]
	if !ok {
		return
	}
	for _, e := range entries {
		delete(a.settled, e.ID)
	}
	a.began = now // what is left waits for another minute, so that a run is not written for each outcome
	if len(a.underway)+len(a.settled) == 0 {
		delete(b.runs, run)
	}
}

// MayRemove reports whether a run may be removed: if none of its deliveries is under way or unwritten, or all have had
// their time. after is how long to wait before asking again.
func (b *Book) MayRemove(run types.UID, now time.Time) (may bool, after time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	a, ok := b.runs[run]
	if !ok {
		return true, 0
	}
	after = patience - now.Sub(a.began)
	for _, u := range a.underway {
		after = max(after, u.deadline.Add(patience).Sub(now))
	}
	return after <= 0, max(0, after)
}

// Removed forgets a run that no longer exists.
func (b *Book) Removed(run types.UID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.runs, run)
}

// Runs returns how many runs have deliveries that are not written.
func (b *Book) Runs() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.runs)
}
