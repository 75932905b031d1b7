// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package follow

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/logs/dedup"
	"github.com/taskexec/taskexec/controllers/logs/lines"
	"github.com/taskexec/taskexec/controllers/logs/source"
	"github.com/taskexec/taskexec/controllers/logs/tail"
)

// restoreLimit is how long the reading of a log waits for the archive to return what an earlier controller read. After
// that the log is read from its beginning, and is not archived.
const restoreLimit = 30 * time.Second

// restore asks the archive what an earlier controller archived of the run, before anything is read.
func (r *run) restore(s Subject) {
	ctx, cancel := context.WithTimeout(r.follower.stop, restoreLimit)
	defer cancel()
	ix, err := r.archive.Restored(ctx)
	var newest []tail.Line
	if err == nil && ix != nil {
		newest, err = r.newest(ctx, ix, s.MaxEntries)
	}
	if r.follower.stop.Err() != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.archive.Abandon(v1alpha1.ReasonLogsArchiveUnavailable)
		r.unarchived = true
		r.log.Error(err, "The archive does not say what an earlier controller archived; the log is read but not archived")
	} else if ix != nil {
		r.log.V(1).Info("Goes on where an earlier controller was", "streams", len(ix.Streams))
		r.resume(ix, newest)
	}
	r.restored = true
	r.notify()
}

// resume starts with the archived lines. The caller holds the lock.
func (r *run) resume(ix *archive.Index, newest []tail.Line) {
	var total, bytes int64
	for i := range ix.Streams {
		a := &ix.Streams[i]
		t := newTracked(r, &source.ContainerRun{
			Namespace: ix.Namespace, Pod: a.Pod, PodUID: a.PodUID, Container: a.Container, Role: a.Role,
			ContainerID: a.ContainerID, Restart: a.Restart, StartedAt: a.StartedAt, Place: a.Place, Index: a.Index, Ended: a.Ended,
		})
		t.whole, t.before = a.Ended, &archived{ix, i}
		t.lines = a.Lines()
		if n := len(a.Parts); n > 0 {
			t.lastAt = a.Parts[n-1].Last
		}
		if len(a.Gaps) > 0 {
			t.missing, t.after, t.at = a.Gaps[0].Reason, a.Gaps[0].AfterLine, a.Gaps[0].At
		}
		r.streams[a.StreamID] = t
		if t.run.Mirrored() {
			total += t.lines
			bytes += a.Bytes() - t.lines*stampSize
		}
	}
	r.tail.Restore(newest, total, bytes)
}

// stampSize is about the size of a line's timestamp in the archive, in bytes with its space.
const stampSize = int64(len("2006-01-02T15:04:05.999999999Z "))

// newest reads the last lines from the archive that belong in the tail.
func (r *run) newest(ctx context.Context, ix *archive.Index, count int) (newest []tail.Line, err error) {
	for i := len(ix.Streams) - 1; i >= 0 && len(newest) < count; i-- {
		s := &ix.Streams[i]
		run := source.ContainerRun{Role: s.Role}
		if !run.Mirrored() || len(s.Parts) == 0 {
			continue
		}
		part := min(s.PartOfLine(max(0, s.Lines()-int64(count-len(newest)))), len(s.Parts)-1)
		last, err := lastLines(r.follower.Archive.Reader().Open(ctx, ix, i, part), count-len(newest))
		if err != nil {
			return nil, err
		}
		for i := range last {
			last[i].Index = s.Index
			if s.Role == source.Init {
				last[i].Container = s.Container
			}
		}
		newest = append(last, newest...)
	}
	return newest, nil
}

// lastLines reads a log and returns its last lines.
func lastLines(log io.ReadCloser, count int) (last []tail.Line, err error) {
	defer func() { _ = log.Close() }() // nothing was written
	reader := lines.NewReader(log)
	defer reader.Release()
	for {
		line, err := reader.Next()
		if !line.At.IsZero() {
			kept := tail.Line{At: line.At, Printed: int64(len(line.Head)) + 1}
			var shown lines.Last
			shown.Add(line.Head)
			for whole := !line.More; !whole && err == nil; {
				var piece []byte
				piece, whole, err = reader.Rest()
				shown.Add(piece)
			}
			kept.Text, kept.Cut = shown.Text, shown.Cut
			if last = append(last, kept); len(last) > count {
				last = last[1:]
			}
		}
		if errors.Is(err, io.EOF) {
			return last, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// archived is a stream in the index of an archive.
type archived struct {
	ix     *archive.Index
	stream int
}

// restore sets a stream to where an earlier controller stopped. It returns a reason if that is impossible.
func (t *tracked) restore(ctx context.Context, s *stream) (missing string) {
	if t.before == nil || len(t.before.ix.Streams[t.before.stream].Parts) == 0 {
		return ""
	}
	a := &t.before.ix.Streams[t.before.stream]
	part := min(a.PartAt(dedup.ResumeFrom(a.Newest())), len(a.Parts)-1)
	log := t.r.follower.Archive.Reader().Open(ctx, t.before.ix, t.before.stream, part)
	defer func() { _ = log.Close() }() // nothing was written
	if err := s.machine.Restore(log); err != nil {
		return v1alpha1.ReasonLogsArchiveUnavailable
	}
	return ""
}
