// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package records

import (
	"context"
	"slices"

	"github.com/parquet-go/parquet-go"

	"github.com/taskexec/taskexec/controllers/bucket"
)

// goneIn returns the rows that say that a run is forgotten.
func goneIn(rows []row) (gone []row) {
	for i := range rows {
		if rows[i].Gone {
			gone = append(gone, rows[i])
		}
	}
	return gone
}

// expunge removes forgotten runs from the segments of a page, so that nothing of them is left in the bucket. It does not look at the
// segments in except. The caller holds flushing.
func (w *Writer) expunge(ctx context.Context, in page, gone []row, except []Segment) error {
	if len(gone) == 0 {
		return nil
	}
	segments, err := w.segments(ctx, in.namespace, in.day.Format("2006-01-02"))
	if err != nil {
		return err
	}
	for _, s := range segments {
		if w.damaged[s.Key] || slices.ContainsFunc(except, func(e Segment) bool { return e.Key == s.Key }) || !anyWithin(s, gone) {
			continue
		}
		if err := w.expungeFrom(ctx, in.namespace, s, gone); err != nil {
			return err
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if b := w.buffers[in]; b != nil && except == nil {
		b.gone = nil
	}
	return nil
}

// anyWithin reports whether a segment can have one of the rows.
func anyWithin(s Segment, rows []row) bool {
	return slices.ContainsFunc(rows, func(r row) bool {
		return r.second() >= s.First.Unix() && r.second() <= s.Last.Unix()
	})
}

func (w *Writer) expungeFrom(ctx context.Context, namespace string, s Segment, gone []row) error {
	raw, err := w.read(ctx, s.Key, maxSegment)
	if bucket.IsMissing(err) {
		return nil // another writer merged it
	}
	if err != nil {
		return err
	}
	file, keys, err := decodeSegment(s.Key, raw, readKeys)
	if err != nil {
		w.damaged[s.Key] = true
		w.Log.Error(err, "A forgotten run may be left in a damaged segment of the archive's history")
		return nil
	}
	var at []int
	for n := range keys {
		if !keys[n].Gone && slices.ContainsFunc(gone, func(r row) bool { return r.UID == keys[n].UID }) {
			at = append(at, n)
		}
	}
	return w.replaceWithout(ctx, namespace, s, file, at)
}

// replaceWithout replaces a segment by one without some rows, given in order. The caller holds flushing.
func (w *Writer) replaceWithout(ctx context.Context, namespace string, s Segment, file *parquet.File, dropped []int) error {
	if len(dropped) == 0 {
		return nil
	}
	w.forgetTail(s.Key)
	rows, err := readRows[row](file)
	if err != nil {
		return err
	}
	kept := rows[:0]
	for n := range rows {
		if _, drop := slices.BinarySearch(dropped, n); !drop {
			kept = append(kept, rows[n])
		}
	}
	if _, err := w.writeSegments(ctx, namespace, kept); err != nil {
		return err
	}
	return w.Remove(ctx, s.Key)
}
