// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/taskexec/taskexec/controllers/bucket"
)

// lastTry is the time limit for the index of an abandoned log.
const lastTry = 10 * time.Second

// writeIndex replaces the index in the bucket.
func (l *Log) writeIndex() {
	_ = l.insist(0, l.putIndex) // it fails only when the log is closed
}

func (l *Log) putIndex(ctx context.Context) error {
	l.mu.Lock()
	l.dirty, l.writing = false, true
	ix := l.snapshot()
	l.mu.Unlock()
	raw, err := json.Marshal(ix)
	if err == nil {
		err = l.w.reader.Replace(ctx, ix.indexKey(), raw)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.writing = false
	if err != nil {
		l.dirty = true
		return fmt.Errorf("writing the index %s: %w", ix.indexKey(), err)
	}
	l.unlisted = 0
	for i := range ix.Streams {
		if s := l.streams[ix.Streams[i].StreamID]; s != nil {
			s.listed = true
		}
	}
	return nil
}

// lastIndex tries once to write the index of an abandoned log, which lists the gaps.
func (l *Log) lastIndex() {
	ctx, cancel := context.WithTimeout(l.w.life, lastTry)
	defer cancel()
	if err := l.putIndex(ctx); err != nil {
		l.logger().Error(bucket.Redact(err), "The index of an archive that was given up could not be written")
	}
	l.w.Notify(l.key())
}

// snapshot returns the index to write. The caller holds the lock.
func (l *Log) snapshot() *Index {
	ix := l.index
	ix.Streams = nil
	for i := range l.index.Streams {
		if _, ours := l.streams[l.index.Streams[i].StreamID]; !ours {
			ix.Streams = append(ix.Streams, l.index.Streams[i])
		}
	}
	for _, s := range l.streams {
		stream := s.stream
		stream.Parts, stream.Gaps = slices.Clone(stream.Parts), slices.Clone(stream.Gaps)
		stream.Ended = stream.Ended && !slices.ContainsFunc(l.queue, func(p closedPart) bool { return p.stream == s })
		ix.Streams = append(ix.Streams, stream)
	}
	slices.SortFunc(ix.Streams, func(a, b Stream) int { return a.order().Compare(b.order()) })
	return &ix
}
