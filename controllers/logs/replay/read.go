// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package replay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/logs/source"
)

// Replay reads one execution's log.
type Replay struct {
	// Archive and Index may both be nil.
	Archive *archive.Reader
	Index   *archive.Index
	Source  source.Source
	// Segments are the segments to read.
	Segments []Segment
	// Since skips older lines.
	Since time.Time
	// Last, if more than 0, is how many last lines are wanted. Archived lines that cannot be among them are skipped.
	Last int64

	// Final means that nothing will be added to the log.
	Final bool

	// FromArchive and FromPod report what was read so far. Gap reports whether lines may be missing where reading went
	// on.
	FromArchive, FromPod, Gap bool
}

// Line is a line of a log. Only its head is in memory.
type Line struct {
	Segment *Segment
	At      time.Time
	Head    []byte
	// Whole means that only the newline follows the head.
	Whole bool
	// Rest returns the rest after the head in pieces. whole means that the newline came. The log's last line may have
	// no newline; then an error ends it.
	Rest func() (piece []byte, whole bool, err error)
	// Position is the position after this line.
	Position Position
	// Growing means that if Rest ends without a newline, more of the line will come.
	Growing bool
}

// ErrBroken means that the rest of a line could not be read. The line can be visited again.
var ErrBroken = errors.New("the log broke off within a line")

// Unfinished judges the error with which Rest ended without a newline. It is nil if that was the end of the log,
// ErrGrowing if the line goes on, and otherwise ErrBroken.
func (l *Line) Unfinished(err error) error {
	switch {
	case !errors.Is(err, io.EOF):
		return fmt.Errorf("%w: %w", ErrBroken, err)
	case l.Growing:
		return ErrGrowing
	default:
		return nil
	}
}

// ErrGone means that nothing is left of the stream of a position.
var ErrGone = errors.New("the log that the cursor points into is gone")

// ErrStop is returned by visit to end the reading early.
var ErrStop = errors.New("enough")

// Read visits the existing lines after a position, in order. It returns the error of visit, or nil at the end. A last
// line without a newline is not visited, unless its container has ended.
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

// Has reports whether a position is in the log as it can be read now.
func (r *Replay) Has(p Position) bool { return p == (Position{}) || r.find(p) >= 0 }

// find returns the segment of a position, or -1.
func (r *Replay) find(p Position) int {
	return slices.IndexFunc(r.Segments, func(s Segment) bool { return streamHash(s.ID) == p.Stream })
}

// unsettled reports whether the end of a log is not archived yet and its pod is gone. A reader must wait for it,
// because it would not come back after going on to the next log.
func (r *Replay) unsettled(s *Segment) bool {
	return !r.Final && s.live == nil && s.archived >= 0 && !r.Index.Streams[s.archived].Ended
}

// firstOfLast returns the first segment that may have one of the last lines.
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
