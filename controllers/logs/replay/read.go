package replay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/logs/dedup"
	"github.com/taskexec/taskexec/controllers/logs/lines"
	"github.com/taskexec/taskexec/controllers/logs/source"
)

// Replay reads one execution's log.
type Replay struct {
	// Archive may be nil, and Index then is too.
	Archive *archive.Reader
	Index   *archive.Index
	Source  source.Source
	// Segments to read.
	Segments []Segment
	// Since leaves out lines that are older.
	Since time.Time
	// Last, if more than 0, leaves out what is surely not among so many last lines, as far as the archive goes.
	Last int64

	// Final: nothing will be added to what there is.
	Final bool

	// What was read from so far, and whether lines may be missing where reading went on.
	FromArchive, FromPod, Gap bool
}

// Line of a log, of which only the head is held.
type Line struct {
	Segment *Segment
	At      time.Time
	Head    []byte
	// Whole: there is nothing after the head but its newline.
	Whole bool
	// Rest gives what follows the head, piece by piece, until whole: its newline came. The log's last line may
	// have none; then an error ends it.
	Rest func() (piece []byte, whole bool, err error)
	// Position after this line.
	Position Position
	// Growing: where Rest ends without a newline, more of the line is to come.
	Growing bool
}

// ErrGone is a position in a stream of which nothing is left.
var ErrGone = errors.New("the log that the cursor points into is gone")

// ErrStop ends a reading early, from within visit.
var ErrStop = errors.New("enough")

// Read visits the lines after a position that there are now, in their order. It returns nil at the end of what there
// is, and the error of visit when that has one. A line at the end that has no newline yet is left for the next time,
// unless its container has ended.
func (r *Replay) Read(ctx context.Context, from Position, visit func(Line) error) error {
	first := r.firstOfLast()
	if from != (Position{}) {
		if first = r.find(from); first < 0 {
			return ErrGone
		}
	}
	for i := first; i < len(r.Segments); i++ {
		s := &reading{Replay: r, segment: &r.Segments[i], from: from, visit: visit}
		err := s.read(ctx)
		if errors.Is(err, errLost) {
			err = s.again(ctx)
		}
		if err != nil {
			return err
		}
		from = Position{}
		if r.unsettled(&r.Segments[i]) {
			return nil
		}
	}
	return nil
}

// Has tells whether a position is in the log as it can be read now.
func (r *Replay) Has(p Position) bool { return p == (Position{}) || r.find(p) >= 0 }

// find gives the segment that a position is in, -1 when it is not there.
func (r *Replay) find(p Position) int {
	return slices.IndexFunc(r.Segments, func(s Segment) bool { return streamHash(s.ID) == p.Stream })
}

// unsettled tells whether the end of a log is on its way to the archive, and nowhere else: a reader who went on to the
// next log would never come back for it.
func (r *Replay) unsettled(s *Segment) bool {
	return !r.Final && s.live == nil && s.archived >= 0 && !r.Index.Streams[s.archived].Ended
}

// firstOfLast is the first segment that may have one of the last lines.
func (r *Replay) firstOfLast() int {
	first := len(r.Segments) - 1
	for archived := int64(0); first > 0 && r.Last > 0; first-- {
		if i := r.Segments[first].archived; i >= 0 {
			archived += r.Index.Streams[i].Lines()
		}
		if archived >= r.Last {
			return first
		}
	}
	return 0
}

// errLost: the line that a position points to is not where it was.
var errLost = errors.New("the log was rotated")

// reading of one segment.
type reading struct {
	*Replay
	segment *Segment
	from    Position
	visit   func(Line) error
	// growing: what is read now has more to come.
	growing bool
	// start is from when on lines are asked for, in whole seconds, zero for the beginning.
	start   time.Time
	counter *counter
	window  dedup.Window
	// after is set when the line that the position points to was not found: lines up to it are left out.
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

// found tells whether the line that the position points to has come, where nothing more will.
func (s *reading) found() error {
	if s.from.Seen > 0 {
		return errLost
	}
	return nil
}

// startIn gives the second from which a stream is read: all lines from there on are read, so that positions in it
// can be counted.
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

// archived reads what the archive has, and fills the cursor with its last second, so that the pod's log goes on
// where it ends.
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

// asArchived reads lines that were told apart before.
type asArchived struct{ *lines.Reader }

func (a asArchived) Next() (dedup.Line, error) {
	line, err := a.Reader.Next()
	return dedup.Line{Line: line, New: true}, err
}

// live reads what the pod has after that.
func (s *reading) live(ctx context.Context) error {
	for {
		if err := s.connection(ctx); !errors.Is(err, dedup.ErrAgain) {
			return err
		}
	}
}

// connection reads one response of the pod's kubelet.
func (s *reading) connection(ctx context.Context) error {
	request := source.Request{ContainerRun: *s.segment.live, Since: s.start}
	if since := s.window.Since(); !since.IsZero() {
		request.Since = since
	}
	log, err := s.Source.Open(ctx, request)
	if apierrors.IsNotFound(err) || apierrors.IsBadRequest(err) {
		return s.found() // the pod went away, or its container waits to be started again
	}
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // nothing was written
	s.FromPod, s.growing = true, !s.segment.live.Ended
	again := func(since time.Time) (io.ReadCloser, error) {
		return unfollowed(s.Source).Open(ctx, source.Request{ContainerRun: *s.segment.live, Since: since})
	}
	reader := dedup.NewReader(log, &s.window, again)
	defer reader.Release()
	err = s.each(reader, s.segment.live.Ended, func(line dedup.Line) bool {
		return line.New || (!line.Whole && !line.More && s.window.Accept(line.At, line.Hash))
	})
	if err != nil {
		return err
	}
	return s.found()
}

// lineReader gives the lines of a log, one after the other, as lines.Reader does.
type lineReader interface {
	Next() (dedup.Line, error)
	Rest() (piece []byte, whole bool, err error)
}

// each visits lines that fresh takes, after the position. ended: a line without a newline at the end is a line.
func (s *reading) each(reader lineReader, ended bool, fresh func(dedup.Line) bool) error {
	for {
		line, err := reader.Next()
		usable := line.Whole || line.More || (ended && errors.Is(err, io.EOF) && len(line.Head) > 0)
		if usable && !line.At.IsZero() && fresh(line) {
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

// line passes over lines up to the position, and visits those after it.
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
	rest := reader.Rest
	if !line.More {
		rest = func() ([]byte, bool, error) { return nil, line.Whole, io.EOF }
	}
	return s.visit(Line{Segment: s.segment, At: line.At, Head: line.Head, Whole: line.Whole, Rest: rest, Position: s.counter.position, Growing: s.growing})
}

// again reads the log once more from the second of a position that does not fit, and leaves out what is not after
// its line: lines may be missing there, and none is repeated.
func (s *reading) again(ctx context.Context) error {
	s.Gap = true
	s.after = time.Unix(0, s.from.At)
	s.from, s.window = Position{Since: s.from.Since}, dedup.Window{}
	return s.read(ctx)
}
