// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"context"
	"time"

	"github.com/taskexec/taskexec/controllers/bucket"
)

const (
	// maxUnlisted is how many parts are uploaded at most before the index is updated, while more parts wait.
	maxUnlisted = 16
	// A request to the bucket may take tryTime, plus the time to send its bytes at slowest bytes a second. A hanging
	// connection must not hold its slot for ever.
	tryTime = time.Minute
	slowest = 64 << 10
)

// task is what a log's goroutine does next.
type task int

const (
	// rest waits until something happens.
	rest task = iota
	// upload uploads the first part of the queue.
	upload
	// list adds the parts to the index.
	list
	// giveUp writes the last index of an abandoned log.
	giveUp
	// over means that nothing is left to do.
	over
)

// work uploads queued parts and keeps the index up to date, until the log ends.
func (l *Log) work(fresh bool) {
	if !fresh && !l.load() {
		return
	}
	for {
		todo, part := l.next()
		switch todo {
		case upload:
			l.upload(part)
		case list:
			l.writeIndex()
		case giveUp:
			l.lastIndex()
			return
		case over:
			return
		case rest:
			select {
			case <-l.kick:
			case <-l.life.Done():
			}
			if !l.lives() {
				return
			}
			continue
		}
		if l.w.life.Err() != nil {
			return
		}
		l.tell()
	}
}

// next returns the next task.
func (l *Log) next() (task, closedPart) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ending && len(l.queue) == 0 && !l.index.Ended {
		l.index.Ended, l.dirty = true, true
	}
	switch {
	case l.closed:
		return over, closedPart{}
	case l.abandoned:
		return giveUp, closedPart{}
	case len(l.queue) > 0 && l.queue[0].stream.listed && l.unlisted < maxUnlisted:
		return upload, l.queue[0]
	case len(l.queue) > 0, l.dirty:
		// A stream is listed before its first part is uploaded. Otherwise, after a crash in between, the part would
		// belong to an unknown stream.
		return list, closedPart{}
	case l.ending, l.stopping:
		return over, closedPart{}
	default:
		return rest, closedPart{}
	}
}

// lives reports whether anything is left to do for the log. An abandoned log still has its last index to write.
func (l *Log) lives() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.life.Err() == nil && (l.abandoned || l.life.Err() == nil)
}

// tell notifies when the logs of all containers are read to their end and archived.
func (l *Log) tell() {
	l.mu.Lock()
	settled := l.settled()
	for _, s := range l.streams {
		settled = settled && s.ended
	}
	first := settled && !l.logged && len(l.streams) > 0
	l.logged = l.logged || first
	l.mu.Unlock()
	if first {
		l.logger().V(1).Info("Archived the log", "containers", len(l.streams))
	}
	if settled {
		l.w.Notify(l.key())
	}
}

// insist retries until it succeeds or the log is closed, and records how the bucket answers. The requests of all logs
// share a number of slots, which the namespaces use in turn. A failed attempt holds no slot while it waits. size is how
// many bytes an attempt sends.
func (l *Log) insist(size int64, try func(context.Context) error) error {
	backoff := l.w.Retry
	for {
		err := l.once(tryTime+time.Duration(size/slowest)*time.Second, try)
		if l.life.Err() != nil && err != nil {
			return err
		}
		l.fared(err)
		if err == nil {
			return nil
		}
		wait := make(chan struct{})
		timer := l.w.Clock.AfterFunc(backoff.Step(), func() { close(wait) })
		select {
		case <-wait:
		case <-l.life.Done():
			timer.Stop()
			return err
		}
	}
}

// once waits for a slot and tries once.
func (l *Log) once(limit time.Duration, try func(context.Context) error) error {
	turn, err := l.w.uploads.Take(l.life, l.index.Namespace, false)
	if err != nil {
		return err
	}
	defer turn.Done()
	ctx, cancel := context.WithTimeout(l.life, limit)
	defer cancel()
	return try(ctx)
}

// fared records how the bucket answered.
func (l *Log) fared(err error) {
	outcome := "succeeded"
	if err != nil {
		outcome = "failed"
	}
	l.w.metrics.uploads.WithLabelValues(outcome).Inc()
	err = bucket.Redact(err)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil && l.failure == nil {
		l.since = l.w.Clock.Now()
		l.logger().Error(err, "The archive does not take a log; it is tried again")
	}
	if err == nil && l.failure != nil {
		l.logger().V(1).Info("The archive takes the log again")
	}
	l.failure = err
}
