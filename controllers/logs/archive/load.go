// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/taskexec/taskexec/controllers/bucket"
	"github.com/taskexec/taskexec/controllers/logs/lines"
)

// load reads what an earlier controller archived. It returns false only if the log is closed.
func (l *Log) load() bool {
	var ix *Index
	open := map[StreamID]bool{}
	err := l.insist(0, func(ctx context.Context) (err error) {
		if ix, err = l.w.reader.Index(ctx, l.index.Execution); err != nil || ix == nil {
			return err
		}
		for i := range ix.Streams {
			if slices.ContainsFunc(ix.Streams[:i], ix.Streams[i].sharesKeys) {
				continue // its objects may be those of the other stream
			}
			if err := l.w.recover(ctx, ix, &ix.Streams[i], open); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if ix != nil {
		l.index.Streams, l.openEnds = ix.Streams, open
	}
	close(l.loaded)
	return true
}

// recover adds the parts that were uploaded right before a controller ended and that the index lacks. It records in
// open whether the stream ends within a line.
func (w *Writer) recover(ctx context.Context, ix *Index, s *Stream, open map[StreamID]bool) error {
	if s.Ended {
		return nil
	}
	if n := len(s.Parts); n > 0 {
		last, err := w.reader.Get(ctx, ix.partKey(&s.StreamID, n-1), max(0, s.Parts[n-1].Bytes-1), 1)
		if err != nil {
			return fmt.Errorf("reading the end of what is archived: %w", err)
		}
		end, err := io.ReadAll(last)
		_ = last.Close()
		if err != nil {
			return fmt.Errorf("reading the end of what is archived: %w", err)
		}
		open[s.StreamID] = string(end) != "\n"
	}
	for {
		key := ix.partKey(&s.StreamID, len(s.Parts))
		reader, err := w.reader.Get(ctx, key, 0, -1)
		if bucket.IsMissing(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("looking for the part %s: %w", key, err)
		}
		part, endsOpen, err := measure(reader, open[s.StreamID])
		_ = reader.Close()
		if err != nil {
			return fmt.Errorf("reading the part %s: %w", key, err)
		}
		s.Parts, open[s.StreamID] = append(s.Parts, part), endsOpen
	}
}

// measure computes the figures of a part that no index lists, and whether it ends within a line.
func measure(r io.Reader, continues bool) (part Part, open bool, err error) {
	counter := &countingReader{r: r}
	reader := lines.NewReader(counter)
	defer reader.Release()
	part.Continues = continues
	within := continues
	for {
		line, err := reader.Next()
		if !within && !line.At.IsZero() {
			part.Lines++
			if part.First.IsZero() || line.At.Before(part.First) {
				part.First = line.At
			}
			if line.At.After(part.Last) {
				part.Last = line.At
			}
		}
		if errors.Is(err, io.EOF) {
			part.Bytes = counter.n
			return part, counter.last != '\n' && counter.n > 0, nil
		}
		if err != nil {
			return part, false, err
		}
		within = false
	}
}

type countingReader struct {
	r    io.Reader
	n    int64
	last byte
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if n > 0 {
		c.n, c.last = c.n+int64(n), p[n-1]
	}
	return n, err
}

// sharesKeys reports whether the parts of two streams would have the same keys. Kubernetes has no such container runs.
func (s *Stream) sharesKeys(other Stream) bool {
	return s.Pod == other.Pod && s.Container == other.Container && s.Restart == other.Restart
}
