// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package pastruns

import (
	"context"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"github.com/taskexec/taskexec/controllers/lifecycle"
)

const (
	// askTime limits one question to the archive.
	askTime = 5 * time.Second
	// askPatience limits how long a run waits for its answer while others are asked first, as after a start of the
	// controller with many waiting runs.
	askPatience = 30 * time.Second
	// askPause is how long no question is asked after one failed. Runs are then decided without the archive.
	askPause = 30 * time.Second
	// askAtOnce is how many questions are asked at once.
	askAtOnce = 16
)

// asker asks the archive about runs, each once, in the background.
type asker struct {
	archive Archive
	clock   clock.PassiveClock
	log     logr.Logger

	mu    sync.Mutex
	asked map[question]*answer
	// open are the questions that no worker has taken yet, oldest first.
	open    []*answer
	workers int
	// awayUntil is until when the archive is not asked.
	awayUntil time.Time
}

// question identifies what is asked: an execution by its UID, or a name.
type question struct {
	uid  types.UID
	name types.NamespacedName
}

type answer struct {
	name  types.NamespacedName
	since time.Time
	wake  func()
	done  bool
	past  []lifecycle.PastRun
}

func newAsker(archive Archive, clock clock.PassiveClock, log logr.Logger) *asker {
	return &asker{archive: archive, clock: clock, log: log, asked: map[question]*answer{}}
}

// ask returns the past runs of a name, or how long to wait for them. The first call for a question decides whether the
// archive is asked at all. After its time, a question counts as answered with nothing.
func (a *asker) ask(q question, name types.NamespacedName, needed bool, wake func()) (past []lifecycle.PastRun, wait time.Duration) {
	now := a.clock.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	known := a.asked[q]
	if known == nil {
		known = &answer{name: name, since: now, wake: wake, done: !needed || now.Before(a.awayUntil)}
		a.asked[q] = known
		if !known.done {
			a.open = append(a.open, known)
			a.work()
		}
	}
	if !known.done {
		if wait = known.since.Add(askPatience).Sub(now); wait <= 0 {
			known.done = true
		}
	}
	return known.past, max(wait, 0)
}

// forget drops a question.
func (a *asker) forget(q question) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.asked, q)
}

// work starts a worker if there may be one more. A worker ends when there is nothing to ask.
func (a *asker) work() {
	if a.workers == askAtOnce {
		return
	}
	a.workers++
	go func() {
		for next := a.next(); next != nil; next = a.next() {
			ctx, cancel := context.WithTimeout(context.Background(), askTime)
			past, err := a.archive.Ended(ctx, next.name)
			cancel()
			a.answered(next, past, err)
			next.wake()
		}
	}()
}

// next takes the oldest open question, or ends a worker. It answers the questions that are too old to ask, or that come
// while the archive is away.
func (a *asker) next() *answer {
	for {
		a.mu.Lock()
		if len(a.open) == 0 {
			a.workers--
			a.open = nil
			a.mu.Unlock()
			return nil
		}
		first := a.open[0]
		a.open = a.open[1:]
		now := a.clock.Now()
		ask := !first.done && !now.Before(a.awayUntil)
		first.done = first.done || !ask
		a.mu.Unlock()
		if ask {
			return first
		}
		first.wake()
	}
}

// answered records an answer. After an error the archive is not asked for some time.
func (a *asker) answered(to *answer, past []lifecycle.PastRun, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	to.done = true
	if err == nil {
		to.past = past
		return
	}
	now := a.clock.Now()
	if !now.Before(a.awayUntil) {
		a.log.Error(err, "Could not ask the archive whether runs have ended before. Until it answers, copies are recognized by their creation time only", "pause", askPause)
	}
	a.awayUntil = now.Add(askPause)
}
