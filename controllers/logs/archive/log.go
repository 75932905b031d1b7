// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/logs/source"
)

// Log archives the log of one execution. Its methods may be called from several goroutines.
type Log struct {
	w    *Writer
	life context.Context //nolint:containedctx // ends uploads when the log is closed
	die  context.CancelFunc
	// loaded is closed when the archive of an earlier controller is known.
	loaded chan struct{}
	// kick wakes the goroutine that uploads.
	kick chan struct{}

	mu      sync.Mutex
	index   Index // Streams of an earlier controller stay until they are written to
	streams map[StreamID]*StreamWriter
	// queue has the parts to upload. The first one stays in it while it is uploaded.
	queue []closedPart
	// pending is how many accepted bytes are not in the bucket.
	pending int64
	// dirty means that the index in the bucket is out of date; writing, that it is being replaced.
	dirty, writing bool
	// unlisted is how many parts were uploaded since the index was replaced.
	unlisted int
	// ending means that nothing will be added; stopping, that the Writer ends; abandoned, that the bucket is no longer
	// waited for.
	ending, stopping, abandoned, closed bool
	// failure is the last error of the bucket, redacted, or nil if it answers. since is when it began to fail.
	failure error
	since   time.Time
	// logged means that the log says that all is archived.
	logged bool
	// openEnds has the streams of an earlier controller that end within a line.
	openEnds map[StreamID]bool
}

// closedPart is a part in the spool that waits to be uploaded.
type closedPart struct {
	stream *StreamWriter
	part   Part
	file   string
}

// State is the progress of the archive of an execution.
type State struct {
	// Settled means that all accepted lines are in the bucket or were given up.
	Settled bool
	// Pending is how many bytes are not in the bucket yet.
	Pending int64
	// Gaps are the parts of the log that the archive lacks.
	Gaps []Gap
	// Failure is the last error of the bucket without secrets, or nil if it answers. Since is when it began to fail.
	Failure error
	Since   time.Time
}

// State returns the progress of the archive.
func (l *Log) State() State {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := State{Pending: l.pending, Failure: l.failure, Settled: l.settled()}
	if l.failure != nil {
		s.Since = l.since
	}
	for _, stream := range l.streams {
		for _, g := range stream.stream.Gaps {
			switch g.Reason {
			case v1alpha1.ReasonLogsArchiveConflict, v1alpha1.ReasonLogsArchiveFull, v1alpha1.ReasonLogsArchiveUnavailable:
				s.Gaps = append(s.Gaps, g)
			}
		}
		if stream.dropping {
			s.Gaps = append(s.Gaps, stream.dropped)
		}
	}
	return s
}

func (l *Log) settled() bool {
	return l.abandoned || (!l.closed && len(l.queue) == 0 && l.pending == 0 && !l.dirty && !l.writing)
}

// Restored waits until the archive of an earlier controller is known, and returns its index, or nil if there is none.
// It returns the last error of the bucket, the error of ctx, or context.Canceled if the log is closed.
func (l *Log) Restored(ctx context.Context) (*Index, error) {
	select {
	case <-l.loaded:
	case <-ctx.Done():
	case <-l.life.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.loaded:
	default:
		return nil, cmp.Or(l.failure, ctx.Err(), l.life.Err())
	}
	if len(l.index.Streams) == 0 {
		return nil, nil
	}
	restored := l.index
	restored.Streams = slices.Clone(l.index.Streams)
	return &restored, nil
}

// Stream returns the writer for the log of a container run, from its beginning or from where an earlier controller
// stopped. In the second case Restored must have returned.
func (l *Log) Stream(run *source.ContainerRun) *StreamWriter {
	l.mu.Lock()
	defer l.mu.Unlock()
	id := IDOf(run)
	s, ok := l.streams[id]
	if ok {
		return s
	}
	s = &StreamWriter{l: l, stream: newStream(run), ended: l.ending || l.closed}
	for i := range l.index.Streams {
		if before := &l.index.Streams[i]; before.StreamID == id {
			s.stream, s.listed = *before, true
			s.stream.Gaps = slices.Clone(before.Gaps) // a copy, because they change and others share them
			s.given, s.lastAt, s.ended = before.Lines(), s.lastArchived(), s.ended || before.Ended
			s.open, s.going = l.openEnds[id], l.openEnds[id]
		}
	}
	if s.ended {
		return s // it drops all lines
	}
	l.streams[id] = s
	l.dirty = true
	l.wake()
	return s
}

// Redacted records in the index that the lines have no values of sensitive params.
func (l *Log) Redacted() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.index.Redacted = true
}

// End declares that nothing will be added. All accepted lines are archived, and the index says that nothing follows.
func (l *Log) End() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ending = true
	for _, s := range l.streams {
		s.settle()
		s.closePart()
		s.ended = true
	}
	l.wake()
}

// stop ends the goroutine when all accepted lines are uploaded. Another controller may go on with the log.
func (l *Log) stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopping = true
	for _, s := range l.streams {
		s.settle()
		s.closePart()
	}
	l.wake()
}

// Abandon drops the data that is not in the bucket, and records it as gaps with the given reason.
func (l *Log) Abandon(reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.abandoned {
		return
	}
	for _, s := range l.streams {
		s.refuse(reason)
		s.ended = true
	}
	l.abandoned, l.ending, l.dirty = true, true, true
	l.logger().V(1).Info("Gave up the rest of the archive", "reason", reason, "pendingBytes", l.pending)
	l.die()
	l.wake()
}

// Close immediately drops what is not in the bucket. It is for a deleted execution.
func (l *Log) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.queue {
		l.release(p.part.Bytes)
		l.removeFile(p.file)
	}
	for _, s := range l.streams {
		s.removePart()
		s.ended = true
	}
	l.queue, l.closed = nil, true
	l.die()
	l.wake()
}

func (l *Log) release(bytes int64) {
	l.pending -= bytes
	l.w.spooled.add(l.index.Namespace, -bytes)
}

func (l *Log) wake() {
	select {
	case l.kick <- struct{}{}:
	default:
	}
}

// logger returns a logger that names the execution.
func (l *Log) logger() logr.Logger { return l.w.Log.WithValues("execution", l.key()) }

func (l *Log) key() types.NamespacedName {
	return types.NamespacedName{Namespace: l.index.Namespace, Name: l.index.Name}
}
