// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package follow

import (
	"sync"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/lifecycle"
	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/logs/follow/machine"
	"github.com/taskexec/taskexec/controllers/logs/redact"
	"github.com/taskexec/taskexec/controllers/logs/tail"
)

// run is the log of one execution.
type run struct {
	follower *Follower
	key      types.NamespacedName
	uid      types.UID
	log      logr.Logger
	// fresh means that nothing was recorded of the execution when it was first seen.
	fresh bool
	// recorded are the pods whose start was recorded when it was first seen.
	recorded []types.UID

	mu      sync.Mutex
	tail    *tail.Tail
	streams map[archive.StreamID]*tracked
	// archive receives the raw lines. It is nil if there is no archive.
	archive *archive.Log
	// begun means that the archive was asked what an earlier controller archived; restored, that the answer is known,
	// so that reading can go on from there.
	begun, restored bool
	// unarchived means that the archive did not answer, so nothing is written to it.
	unarchived bool
	// redact removes the values of sensitive params from all that is read. It is nil if the Task does not ask for that.
	// withheld means that the Task asks for it and the values are unknown, so that nothing is archived.
	redact   *redact.Redactor
	withheld bool
	closed   bool
	// endedAt is when all containers were first known to have ended, or zero while one may run.
	endedAt time.Time
	// flushes decides when the tail is written. flushTimer waits for that, or is nil.
	flushes    machine.Flushes
	flushTimer timer
	// deadline is the timer for the end of the patience, or nil.
	deadline timer
	// last is the last result of sync, without the tail.
	last lifecycle.LogState
}

func (r *run) sync(s Subject) lifecycle.LogState {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.Redacted && r.redact == nil {
		r.redact, r.withheld = s.Redact, r.withheld || s.Redact == nil
	}
	r.begin(s)
	if r.tail.Lines() == 0 {
		r.tail = tail.New(s.MaxEntries, s.MaxBytes) // the limits are known once the Job is
	}
	if r.restored {
		r.track(s)
	}
	running := false
	for _, t := range r.streams {
		running = running || !isClosed(t.ended)
	}
	now := r.follower.Clock.Now()
	r.watchTheEnd(now, s.Closing || (len(r.streams) > 0 && !running))
	r.remind()
	state := r.state(now)
	r.last, r.last.Tail = state, nil
	return state
}

// begin asks once what an earlier controller archived. It does not ask for a new execution, or before there is
// something to read. The caller holds the lock.
func (r *run) begin(s Subject) {
	if r.begun || (len(s.Runs) == 0 && !s.Closing) {
		return
	}
	r.begun = true
	if r.follower.Archive == nil {
		r.restored = true
		return
	}
	r.archive = r.follower.Archive.Begin(archive.Execution{Namespace: r.key.Namespace, Name: r.key.Name, UID: r.uid}, r.fresh)
	if s.Redacted {
		r.archive.Redacted()
	}
	if r.fresh {
		r.restored = true
		return
	}
	r.follower.start(func() { r.restore(s) })
}

// watchTheEnd starts the patience when all containers have ended, and stops it when another one starts for a retry. The
// caller holds the lock.
func (r *run) watchTheEnd(now time.Time, ended bool) {
	switch {
	case !ended:
		r.endedAt = time.Time{}
		stop(&r.deadline)
	case r.endedAt.IsZero():
		r.endedAt = now
		r.wakeAfter(&r.deadline, r.follower.Patience, r.loseInPatience)
	}
}

// loseInPatience notifies now, and once more at the archive's deadline. The caller holds the lock.
func (r *run) loseInPatience() {
	if left := r.endedAt.Add(r.follower.ArchiveDeadline).Sub(r.follower.Clock.Now()); r.archive != nil && left > 0 {
		r.wakeAfter(&r.deadline, left, r.loseInPatience)
	}
	r.notify()
}

// notify requests a reconcile of the execution, unless its log is no longer read. The caller holds the lock.
func (r *run) notify() {
	if !r.closed {
		r.follower.Notify(r.key)
	}
}

// open counts the unfinished streams.
func (r *run) open() (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range r.streams {
		if !t.done {
			n++
		}
	}
	return n
}

// close stops reading. Lines that are not archived yet are dropped.
func (r *run) close() {
	r.end()
	if r.archive != nil {
		r.archive.Close()
	}
}

// release stops reading. Lines that were read are archived to the end.
func (r *run) release() {
	r.end()
	r.mu.Lock()
	last := r.last
	r.mu.Unlock()
	if last.Drained {
		r.log.V(1).Info("The log is complete", "lines", last.Lines, "bytes", last.Bytes, "archived", last.Archived)
	} else {
		r.log.V(1).Info("The log is not complete", "reason", last.GaveUp, "lines", last.Lines, "bytes", last.Bytes)
	}
	if r.archive == nil {
		return
	}
	r.mu.Lock()
	for _, t := range r.streams {
		if !t.done && t.archive != nil {
			t.archive.Gap(archive.Gap{Reason: v1alpha1.ReasonLogsUnavailable})
		}
	}
	r.mu.Unlock()
	r.archive.End()
}

func (r *run) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	stop(&r.flushTimer)
	stop(&r.deadline)
	for _, t := range r.streams {
		if t.cancel != nil {
			t.cancel()
		}
	}
}

func isClosed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// closeOnce closes a channel that only this package closes, under the run's lock.
func closeOnce(c chan struct{}) {
	if !isClosed(c) {
		close(c)
	}
}
