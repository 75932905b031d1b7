// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package replay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/logs/dedup"
	"github.com/taskexec/taskexec/controllers/logs/lines"
	"github.com/taskexec/taskexec/controllers/logs/source"
)

// errLost means that the line of a position is not where it was.
var errLost = errors.New("the log was rotated")

// reading is the state of reading one segment.
type reading struct {
	*Replay
	segment *Segment
	from    Position
	visit   func(Line) error
	// growing means that the current source may get more lines.
	growing bool
	// start is the time from which lines are requested, in whole seconds, or zero for the beginning.
	start   time.Time
	counter *counter
	window  dedup.Window
	ending  ending
	// after is set if the line of the position was not found. Lines up to that time are skipped.
	after time.Time
}

func (s *reading) read(ctx context.Context) error {
	var stream *archive.Stream
	if s.segment.archived >= 0 {
		stream = &s.Index.Streams[s.segment.archived]
	}
	s.start = s.startIn(stream)
	s.counter = newCounter(streamHash(s.segment.ID), max(0, s.start.Unix()))
	if stream != nil && len(stream.Parts) > 0 {
		s.FromArchive = true
		if err := s.archived(ctx, stream); err != nil {
			return err
		}
	}
	if s.segment.live == nil || (stream != nil && stream.Ended) {
		return s.found()
	}
	return s.live(ctx)
}

// found returns errLost if all lines have come without the line of the position.
func (s *reading) found() error {
	if s.from.Seen > 0 {
		return errLost
	}
	return nil
}

// startIn returns the second from which a stream is read. All lines from there on are read, so that positions can be
// counted.
func (s *reading) startIn(stream *archive.Stream) (start time.Time) {
	switch {
	case s.from.Since > 0:
		return s.from.since()
	case !s.Since.IsZero():
		start = s.Since
	case s.Last > 0 && stream != nil && stream.Lines() > s.Last:
		start = stream.Parts[stream.PartOfLine(stream.Lines()-s.Last)].First
	default:
		return start
	}
	return dedup.ResumeFrom(start)
}

// archived reads the lines in the archive. It remembers its last second, so that the pod's log goes on where the
// archive ends.
func (s *reading) archived(ctx context.Context, stream *archive.Stream) error {
	seam := dedup.ResumeFrom(stream.Newest())
	part := 0
	if !s.start.IsZero() {
		from := seam
		if s.start.Before(from) {
			from = s.start
		}
		part = min(stream.PartAt(from), len(stream.Parts)-1)
	}
	log := s.Archive.Open(ctx, s.Index, s.segment.archived, part)
	defer func() { _ = log.Close() }() // nothing was written
	s.growing = !stream.Ended && !s.Final
	reader := lines.NewReader(log)
	defer reader.Release()
	return s.each(asArchived{reader}, true, func(line dedup.Line) bool {
		if !line.At.Before(seam) {
			s.window.Accept(line.At, s.window.Hash(line.Head))
		}
		return true
	})
}

// asArchived reads lines of an archive, which are all new.
type asArchived struct{ *lines.Reader }

func (a asArchived) Next() (dedup.Line, error) {
	line, err := a.Reader.Next()
	return dedup.Line{Line: line, New: true}, err
}

// live reads the pod's lines after the archive. The log of an ended container is read to its end, by as many answers as
// that takes.
func (s *reading) live(ctx context.Context) error {
	for {
		s.ending.begin()
		exists, err := s.connection(ctx)
		switch {
		case errors.Is(err, dedup.ErrAgain):
			continue
		case err != nil:
			return err
		case !exists, !s.segment.live.Ended:
			return s.found()
		}
		switch s.ending.judge(!s.window.Since().IsZero(), s.window.Replayed()) {
		case theEnd:
			return s.found()
		case breaksOff:
			return fmt.Errorf("reading the log of container %s in pod %s: %w", s.segment.ID.Container, s.segment.ID.Pod, ErrCut)
		case askAgain:
			if err := sleep(ctx, time.Duration(max(0, s.ending.quiet-1))*cutPause); err != nil {
				return err
			}
		}
	}
}

// connection reads one answer of the pod's kubelet. exists is false if there is none: the pod is gone, or its container
// waits to be restarted.
func (s *reading) connection(ctx context.Context) (exists bool, err error) {
	request := source.Request{ContainerRun: *s.segment.live, Since: s.start}
	if since := s.window.Since(); !since.IsZero() {
		request.Since = since
	}
	log, err := s.Source.Open(ctx, request)
	if apierrors.IsNotFound(err) || apierrors.IsBadRequest(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer func() { _ = log.Close() }() // nothing was written
	s.FromPod, s.growing = true, !s.segment.live.Ended
	again := func(since time.Time) (io.ReadCloser, error) {
		return unfollowed(s.Source).Open(ctx, source.Request{ContainerRun: *s.segment.live, Since: since})
	}
	reader := dedup.NewReader(log, &s.window, again)
	defer reader.Release()
	if s.growing {
		return true, s.each(reader, false, func(line dedup.Line) bool { return line.New })
	}
	return true, s.each(&confirmed{Reader: reader, window: &s.window, open: again}, true, func(line dedup.Line) bool {
		return s.ending.isNew(line, &s.window)
	})
}

// lineReader returns the lines of a log one by one, like lines.Reader.
type lineReader interface {
	Next() (dedup.Line, error)
	Rest() (piece []byte, whole bool, err error)
}

// each visits the lines after the position for which fresh returns true. With ended, a last line without a newline
// counts.
func (s *reading) each(reader lineReader, ended bool, fresh func(dedup.Line) bool) error {
	for {
		line, err := reader.Next()
		usable := line.Whole || line.More || (ended && errors.Is(err, io.EOF) && (len(line.Head) > 0 || !line.At.IsZero()))
		if usable && fresh(line) && !line.At.IsZero() {
			if stop := s.line(reader, line); stop != nil {
				return stop
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading the log of container %s in pod %s: %w", s.segment.ID.Container, s.segment.ID.Pod, err)
		}
	}
}

// line skips lines up to the position, and visits those after it.
func (s *reading) line(reader lineReader, line dedup.Line) error {
	switch {
	case s.from.Seen > 0 && line.At.Unix() < s.from.Since, s.from == (Position{}) && line.At.Before(s.start):
		return nil
	}
	s.counter.pass(line.At, line.Head)
	if s.from.Seen > 0 {
		s.from.Seen--
		if s.from.Seen == 0 && (line.At.UnixNano() != s.from.At || lineHash(line.At, line.Head) != s.from.Hash) {
			return errLost
		}
		return nil
	}
	if line.At.Before(s.Since) || (!s.after.IsZero() && !line.At.After(s.after)) {
		return nil
	}
	var rest func() ([]byte, bool, error)
	switch {
	case line.More:
		rest = reader.Rest
	case line.Whole:
		rest = onlyNewline
	default:
		rest = noRest
	}
	return s.visit(Line{Segment: s.segment, At: line.At, Head: line.Head, Whole: line.Whole, Rest: rest, Position: s.counter.position, Growing: s.growing})
}

// onlyNewline is the Rest of a line whose head is all but the newline, and noRest that of a last line without one.
func onlyNewline() ([]byte, bool, error) { return nil, true, io.EOF }
func noRest() ([]byte, bool, error)      { return nil, false, io.EOF }

// again reads the log again from the second of a position whose line was lost, and skips lines that are not later than
// it. Lines may be missing there, but none is repeated.
func (s *reading) again(ctx context.Context) error {
	s.Gap = true
	s.after = time.Unix(0, s.from.At)
	s.from, s.window, s.ending = Position{Since: s.from.Since}, dedup.Window{}, ending{}
	return s.read(ctx)
}
