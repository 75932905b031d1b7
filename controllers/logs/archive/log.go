package archive

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/logs/source"
)

// Log archives the log of one execution. Its methods may be called from several goroutines.
type Log struct {
	w    *Writer
	life context.Context //nolint:containedctx // ends uploads when the log is closed
	die  context.CancelFunc
	// loaded is closed when it is known what an earlier controller archived.
	loaded chan struct{}
	// kick wakes the goroutine that uploads.
	kick chan struct{}

	mu      sync.Mutex
	index   Index // its Streams are those that an earlier controller had, until they are written to
	streams map[StreamID]*StreamWriter
	// queue of parts to upload; the first stays in it while it is uploaded.
	queue []closedPart
	// pending is how many bytes were given and are not in the bucket.
	pending int64
	// dirty: the index in the bucket is older than ours. writing: it is being replaced.
	dirty, writing bool
	// unlisted is how many parts were uploaded since it was replaced.
	unlisted int
	// ending: nothing will be added. stopping: the Writer ends. abandoned: the bucket is not waited for any more.
	ending, stopping, abandoned, closed bool
	// failure is the last error of the bucket, redacted, nil when it answers; since is when it began to fail.
	failure error
	since   time.Time
	// openEnds has the streams of an earlier controller that end within a line.
	openEnds map[StreamID]bool
}

// closedPart waits in the spool to be uploaded.
type closedPart struct {
	stream *StreamWriter
	part   Part
	file   string
}

// State tells how far the archive of an execution is.
type State struct {
	// Settled: all that was given is in the bucket, or was given up.
	Settled bool
	// Pending bytes are not in the bucket.
	Pending int64
	// Gaps that the archive itself made.
	Gaps []Gap
	// Failure is the last error of the bucket, fit for people, nil when it answers; Since is when it began to fail.
	Failure error
	Since   time.Time
}

// State tells how far it is.
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

// Restored waits until it is known what an earlier controller archived, and gives it: nil when it is nothing. Its
// error is that of ctx, or what the bucket says, or that the log is over.
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

// Stream takes the log of a container run: from its beginning, or from where an earlier controller was, which must
// be known by then (Restored).
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
			s.stream.Gaps = slices.Clone(before.Gaps) // they are changed, and others have these
			s.given, s.lastAt, s.ended = before.Lines(), s.lastArchived(), s.ended || before.Ended
			s.open, s.going = l.openEnds[id], l.openEnds[id]
		}
	}
	if s.ended {
		return s // and takes nothing
	}
	l.streams[id] = s
	l.dirty = true
	l.wake()
	return s
}

// Redacted says that what is given has no values of sensitive params, so that the index says so too.
func (l *Log) Redacted() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.index.Redacted = true
}

// End says that nothing will be added: what is there is archived, and the index says that nothing follows.
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

// stop has the goroutine end when all is uploaded that was given; the log may go on elsewhere.
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

// Abandon gives up what is not in the bucket by now: it becomes gaps, for that reason.
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
	l.die()
	l.wake()
}

// Close drops all that is not in the bucket, at once: the execution is gone.
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

func (l *Log) key() types.NamespacedName {
	return types.NamespacedName{Namespace: l.index.Namespace, Name: l.index.Name}
}
