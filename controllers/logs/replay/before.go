// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package replay

import (
	"context"
	"errors"
	"time"

	"github.com/taskexec/taskexec/controllers/logs/archive"
)

// Earlier is a part of a log that was read backwards.
type Earlier[K any] struct {
	// Lines are what take returned of the last lines that count, in the order of the log.
	Lines []K
	// Start is the position before the first line, or where the search for lines that count ended. Whole means that no
	// line is before it.
	Start Position
	Whole bool
	// End is the position after the last line.
	End Position
}

const (
	// earlierFirst is the first time that is read before a position in a pod's log, and earlierFactor by how much each
	// further try reads more.
	earlierFirst  = 10 * time.Second
	earlierFactor = 8
	// earlierScan is how many times as many lines as are wanted are read before the search ends with fewer.
	earlierScan = 512
	// earlierLongest is longer than any log lasts.
	earlierLongest = 10 * 365 * 24 * time.Hour
	// earlierMargin is more than lines can be out of order. Lines so near to the first line that was read are not used,
	// because some before them may not have been read.
	earlierMargin = time.Second
)

// Before reads the last n lines before a position that count, or fewer if there are no more. The zero position is the
// end of the log. take copies what is wanted of a line, and says whether it counts. If few lines count, or after patience,
// Before returns fewer lines, and the search can go on before Start. It returns ErrGone if nothing is left of the stream of
// the position.
func Before[K any](ctx context.Context, l *Log, end Position, n int, patience time.Duration, take func(Line) (K, bool, error)) (found Earlier[K], err error) {
	for vanished := false; ; vanished = true {
		r, done, err := l.Look(ctx)
		if err != nil {
			return found, err
		}
		r.Final, r.Source = done, patient{Source: r.Source, silence: l.Silence, lenient: vanished}
		if end != (Position{}) && r.find(end) < 0 {
			return found, ErrGone
		}
		b := &backwards[K]{Replay: r, take: take, end: end, n: n, deadline: time.Now().Add(patience)}
		found, err = b.read(ctx)
		l.note(r)
		if !errors.Is(err, errVanished) {
			return found, err
		}
	}
}

// backwards reads a log segment by segment, the last one first.
type backwards[K any] struct {
	*Replay
	take     func(Line) (K, bool, error)
	end      Position
	n        int
	deadline time.Time
}

func (b *backwards[K]) read(ctx context.Context) (found Earlier[K], err error) {
	i := b.last()
	if b.end != (Position{}) {
		i = b.find(b.end)
	}
	end := b.end
	found.End, found.Start = end, end
	if end != (Position{}) && end.Seen == 0 { // the beginning of a segment
		i, end = i-1, Position{}
	}
	found.Whole = i < 0
	for ; i >= 0; i-- {
		s, err := b.segment(ctx, i, end, b.n-len(found.Lines))
		if err != nil {
			return found, err
		}
		found.Lines = append(s.Lines, found.Lines...)
		if found.End == (Position{}) {
			found.End = s.End
		}
		found.Start, end = s.Start, Position{}
		if s.Whole && i > 0 {
			found.Start = Position{Stream: streamHash(b.Segments[i].ID)}
		}
		if found.Whole = s.Whole && i == 0; len(found.Lines) == b.n || !s.Whole || time.Now().After(b.deadline) {
			break
		}
	}
	if found.Whole {
		found.Start = Position{}
	}
	return found, nil
}

// last returns the last segment that can be read now, see unsettled.
func (b *backwards[K]) last() int {
	for i := range b.Segments {
		if b.unsettled(&b.Segments[i]) {
			return i
		}
	}
	return len(b.Segments) - 1
}

// segment reads the last n lines of a segment before end that count, in windows that begin earlier and earlier.
func (b *backwards[K]) segment(ctx context.Context, i int, end Position, n int) (found Earlier[K], err error) {
	found, err = b.windows(ctx, i, n, window[K]{take: b.take, n: n, end: end, filter: b.Since})
	if errors.Is(err, errLost) {
		b.Gap = true
		found, err = b.windows(ctx, i, n, window[K]{take: b.take, n: n, end: end, filter: b.Since, byTime: true})
	}
	return found, err
}

func (b *backwards[K]) windows(ctx context.Context, i, n int, of window[K]) (found Earlier[K], err error) {
	reach := earlierFirst
	for wanted := n; ; wanted, reach = wanted*earlierFactor, min(reach*earlierFactor, earlierLongest) {
		w := of
		w.since = b.windowStart(i, w.end, wanted, reach)
		if err := w.read(ctx, b.Replay, i); err != nil {
			return found, err
		}
		whole := w.since.IsZero() || !b.Since.IsZero() && w.since.Add(earlierMargin).Before(b.Since)
		if whole || len(w.kept) == n || w.found && (w.scanned > n*earlierScan || time.Now().After(b.deadline)) {
			return w.earlier(whole), nil
		}
	}
}

// windowStart returns the time from which to read so that about n lines come before end, zero for the beginning. If nobody
// counted the lines, it is the duration reach before end.
func (b *backwards[K]) windowStart(i int, end Position, n int, reach time.Duration) time.Time {
	s := &b.Segments[i]
	if s.archived >= 0 && len(b.Index.Streams[s.archived].Parts) > 0 {
		return partStart(&b.Index.Streams[s.archived], end, int64(n))
	}
	from := time.Now()
	if end != (Position{}) {
		from = end.since()
	}
	if from = from.Add(-reach); !from.After(s.StartedAt.Add(earlierMargin)) || reach >= earlierLongest {
		return time.Time{}
	}
	return from.Truncate(time.Second)
}

// partStart returns the time of the first line of a part of an archived stream that has at least n lines between it and
// end, zero for the first part.
func partStart(stream *archive.Stream, end Position, n int64) time.Time {
	part := len(stream.Parts) - 1
	if end != (Position{}) {
		part = min(part, stream.PartAt(end.since()))
	}
	for before := int64(0); part > 0 && before <= n; {
		part--
		before += stream.Parts[part].Lines
	}
	if part == 0 {
		return time.Time{}
	}
	return stream.Parts[part].First.Truncate(time.Second)
}

// window reads a segment from a time on, up to a position, and keeps the last n lines that count.
type window[K any] struct {
	take func(Line) (K, bool, error)
	n    int
	// since is the begin of the window. It is not after the second of the position end.
	since time.Time
	end   Position
	// byTime means that the line of end is lost: lines that are later than it are left out.
	byTime bool
	// filter leaves out older lines.
	filter time.Time

	kept []kept[K]
	// at is the next place in kept, which is a ring when it is full.
	at int
	// scanned counts the lines, and seen those from the second of end on.
	scanned int
	seen    uint64
	// first is the position before the first line that is used, and found says that there is one.
	first    Position
	found    bool
	previous Position
}

// kept is a line and the position before it.
type kept[K any] struct {
	value  K
	before Position
}

func (w *window[K]) read(ctx context.Context, r *Replay, i int) error {
	one := &Replay{Archive: r.Archive, Index: r.Index, Source: r.Source, Segments: r.Segments[i : i+1], Since: w.since, Final: true}
	if w.since.IsZero() {
		w.previous = Position{Stream: streamHash(r.Segments[i].ID)}
	}
	err := one.Read(ctx, Position{}, w.line)
	r.FromArchive, r.FromPod = r.FromArchive || one.FromArchive, r.FromPod || one.FromPod
	switch {
	case errors.Is(err, ErrStop), errors.Is(err, ErrGrowing):
		return nil
	case err == nil && w.end != (Position{}) && !w.byTime:
		return errLost // all lines came without that of end
	}
	return err
}

func (w *window[K]) line(line Line) error {
	if w.byTime && line.At.UnixNano() > w.end.At {
		return ErrStop
	}
	w.scanned++
	if w.found || w.usable(line) {
		if !w.found {
			w.first, w.found = w.previous, true
		}
		value, counts, err := w.take(line)
		if err != nil {
			return err
		}
		if counts && !line.At.Before(w.filter) {
			w.keep(kept[K]{value, w.previous})
		}
	}
	w.previous = line.Position
	if w.end == (Position{}) || w.byTime || line.At.Unix() < w.end.Since {
		return nil
	}
	if w.seen++; w.seen < w.end.Seen {
		return nil
	}
	if line.At.UnixNano() != w.end.At || line.Position.Hash != w.end.Hash {
		return errLost
	}
	return ErrStop
}

// usable reports whether a line is the first whose previous line is known, and before which no line was left out.
func (w *window[K]) usable(line Line) bool {
	return w.since.IsZero() || w.previous != (Position{}) && !line.At.Before(w.since.Add(earlierMargin))
}

func (w *window[K]) keep(k kept[K]) {
	if len(w.kept) < w.n {
		w.kept = append(w.kept, k)
		return
	}
	w.kept[w.at] = k
	w.at = (w.at + 1) % w.n
}

// earlier returns what was found. whole means that the window began at the beginning.
func (w *window[K]) earlier(whole bool) (found Earlier[K]) {
	for i := range w.kept {
		found.Lines = append(found.Lines, w.kept[(w.at+i)%len(w.kept)].value)
	}
	found.Start, found.End, found.Whole = w.first, w.previous, whole
	if w.previous.Seen == 0 { // there was no line
		found.End = Position{}
	}
	if len(w.kept) == w.n {
		found.Start = w.kept[w.at].before
		found.Whole = found.Start.Seen == 0
	}
	return found
}
