// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package recorder

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/records"
)

// shown is how long a run must be in the history before it may be removed from etcd: by then, each facade's list of the history
// has it, so that no list misses it.
const shown = 2*records.ListingAge + 10*time.Second

// Ledger knows which of the existing runs are recorded. It is safe for concurrent use.
type Ledger struct {
	clock clock.PassiveClock
	// deadline is how long after its end a run waits for its record.
	deadline time.Duration

	mu sync.Mutex
	// runs has the recorded runs that still exist. The time is when the run was added to the history, zero before that.
	runs map[types.UID]time.Time
	// days has the namespaces and days whose history was read.
	days map[day]bool
	// expected has the runs that the controller itself deletes.
	expected map[types.UID]bool
}

type day struct {
	namespace string
	begins    time.Time
}

// NewLedger returns an empty Ledger.
func NewLedger(clock clock.PassiveClock, deadline time.Duration) *Ledger {
	return &Ledger{clock: clock, deadline: deadline, runs: map[types.UID]time.Time{}, days: map[day]bool{}, expected: map[types.UID]bool{}}
}

// MayRemove reports whether the clean-up may remove an ended run: if it is in the history, or if the archive had its deadline and
// did not take it. after is how long to wait before asking again.
func (l *Ledger) MayRemove(e *v1alpha1.TaskExecution) (may bool, after time.Duration) {
	if l == nil {
		return true, 0 // there is no archive
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock.Now()
	if at := l.runs[e.UID]; !at.IsZero() {
		after = shown - now.Sub(at)
	} else {
		after = l.deadline - now.Sub(endOf(e))
	}
	if after > 0 {
		return false, after
	}
	l.expected[e.UID] = true
	return true, 0
}

// expect notes that a run is about to be deleted by the controller.
func (l *Ledger) expect(uid types.UID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.expected[uid] = true
}

func endOf(e *v1alpha1.TaskExecution) time.Time {
	if t := e.Status.CompletionTime; t != nil {
		return t.Time
	}
	return e.CreationTimestamp.Time
}

// recorded reports whether a run has a record, or one that is on its way into the history.
func (l *Ledger) recorded(uid types.UID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, known := l.runs[uid]
	return known
}

// wrote notes that a run has a record.
func (l *Ledger) wrote(uid types.UID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.runs[uid]; !known {
		l.runs[uid] = time.Time{}
	}
}

// indexed notes that a run is in the history.
func (l *Ledger) indexed(uid types.UID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if at, known := l.runs[uid]; known && at.IsZero() {
		l.runs[uid] = l.clock.Now()
	}
}

// gone drops a run that no longer exists, and reports whether the clean-up removed it.
func (l *Ledger) gone(uid types.UID) (cleanedUp bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	cleanedUp = l.expected[uid]
	delete(l.runs, uid)
	delete(l.expected, uid)
	return cleanedUp
}

// read reports whether the history of a day was read.
func (l *Ledger) read(d day) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.days[d]
}

// learn notes which of the existing runs are in the history of a day.
func (l *Ledger) learn(d day, uids []types.UID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, uid := range uids {
		if at := l.runs[uid]; at.IsZero() {
			l.runs[uid] = l.clock.Now()
		}
	}
	l.days[d] = true
}
