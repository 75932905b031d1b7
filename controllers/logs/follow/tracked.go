// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package follow

import (
	"context"
	"time"

	"github.com/go-logr/logr"

	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/logs/lines"
	"github.com/taskexec/taskexec/controllers/logs/source"
	"github.com/taskexec/taskexec/controllers/logs/tail"
)

// tracked is a stream of a run and its state. It is the stream's sink: it writes lines to the archive and to the run's
// tail.
type tracked struct {
	r       *run
	run     source.ContainerRun
	archive *archive.StreamWriter // nil if there is no archive
	before  *archived             // what an earlier controller archived, or nil
	cancel  context.CancelFunc
	ended   chan struct{}
	// finished is when the container ended, if known.
	finished time.Time
	// restarted means that a later run of the same container exists; gone, that its pod does not.
	restarted, gone bool
	// reading means that a goroutine reads it or has read it; whole, that an earlier controller has archived all of it.
	reading, whole bool
	done           bool
	// missing is the reason of the first gap, or empty. after is how many lines were read before the gap, and at is the
	// time of the last of them.
	missing string
	after   int64
	at      time.Time

	lines  int64
	lastAt time.Time
	// order is the latest timestamp of its lines.
	order time.Time
	// long is the long line that is being read. shown is what the tail will show of it.
	long  tail.Line
	shown lines.Last
}

func newTracked(r *run, c *source.ContainerRun) *tracked {
	return &tracked{r: r, run: *c, ended: make(chan struct{})}
}

func (t *tracked) line(at time.Time, head []byte, whole bool) {
	if t.archive != nil {
		t.archive.Line(at, head, whole)
	}
	t.r.follower.metrics.lines.Inc()
	t.r.follower.metrics.bytes.Add(float64(len(head)))
	t.r.mu.Lock()
	defer t.r.mu.Unlock()
	t.lines, t.lastAt = t.lines+1, at
	if at.After(t.order) {
		t.order = at
	}
	line := tail.Line{At: at, Text: head, Printed: int64(len(head)) + 1, Order: t.order}
	if whole {
		t.append(line)
		return
	}
	t.long, t.shown = line, lines.Last{}
	t.shown.Add(head)
	t.long.Printed--
}

func (t *tracked) more(piece []byte, whole bool) {
	if t.archive != nil {
		t.archive.More(piece, whole)
	}
	t.r.follower.metrics.bytes.Add(float64(len(piece)))
	t.shown.Add(piece)
	t.long.Printed += int64(len(piece))
	if !whole {
		return
	}
	t.r.mu.Lock()
	defer t.r.mu.Unlock()
	t.long.Printed++
	t.appendLong()
}

func (t *tracked) cut() {
	t.r.mu.Lock()
	defer t.r.mu.Unlock()
	t.appendLong()
}

// appendLong appends the long line to the tail. The caller holds the run's lock.
func (t *tracked) appendLong() {
	t.long.Text, t.long.Cut = t.shown.Text, t.shown.Cut
	t.append(t.long)
	t.long, t.shown = tail.Line{}, lines.Last{}
}

// append appends a line to the tail. The caller holds the run's lock.
func (t *tracked) append(line tail.Line) {
	line.Index = t.run.Index
	switch t.run.Role {
	case source.Sidecar:
		return // archived, but not shown in the tail
	case source.Init:
		line.Container = t.run.Container
	case source.Main:
	}
	t.r.tail.Append(line)
	t.r.arm(t.r.follower.Clock.Now())
}

func (t *tracked) gap(reason string) {
	if t.archive != nil {
		t.archive.Gap(archive.Gap{Reason: reason})
	}
	t.r.mu.Lock()
	defer t.r.mu.Unlock()
	t.miss(reason)
}

func (t *tracked) headless(reason string) {
	if t.archive != nil {
		t.archive.GapAtStart(reason)
	}
	t.r.mu.Lock()
	defer t.r.mu.Unlock()
	t.miss(reason)
	if t.missing == reason {
		t.after, t.at = 0, time.Time{} // it comes before any other
	}
}

// miss records a gap. The caller holds the run's lock.
func (t *tracked) miss(reason string) {
	t.r.follower.metrics.gaps.WithLabelValues(reason).Inc()
	if t.missing == "" {
		t.missing, t.after, t.at = reason, t.lines, t.lastAt
	}
}

// finish is called when the stream returns. If ctx has ended, we stopped the stream ourselves: it is not done, and the
// next controller continues.
func (t *tracked) finish(ctx context.Context, missing string, log logr.Logger) {
	if ctx.Err() != nil {
		return
	}
	if missing == "" {
		log.V(1).Info("Read the log to its end")
	} else {
		log.V(1).Info("Gave up the rest of the log", "reason", missing)
		t.gap(missing)
	}
	if t.archive != nil {
		t.archive.End()
	}
	t.r.mu.Lock()
	defer t.r.mu.Unlock()
	t.done = true
	t.r.notify()
}

func (t *tracked) isRestarted() bool {
	t.r.mu.Lock()
	defer t.r.mu.Unlock()
	return t.restarted
}

func (t *tracked) isGone() bool {
	t.r.mu.Lock()
	defer t.r.mu.Unlock()
	return t.gone
}

func (t *tracked) finishedAt() time.Time {
	t.r.mu.Lock()
	defer t.r.mu.Unlock()
	return t.finished
}
