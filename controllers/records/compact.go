// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package records

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gocloud.dev/blob"
	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/controllers/bucket"
)

// merge merges segments of a page, as long as planMerge finds some. The caller holds flushing.
func (w *Writer) merge(ctx context.Context, in page) error {
	for {
		segments, err := w.segments(ctx, in.namespace, in.day.Format(time.DateOnly))
		if err != nil {
			return err
		}
		w.mu.Lock()
		tail := ""
		if b := w.buffers[in]; b != nil {
			tail = b.segment.Key // the next flush replaces it
		}
		w.mu.Unlock()
		segments = slices.DeleteFunc(segments, func(s Segment) bool { return s.Key == tail || w.damaged[s.Key] })
		merged := planMerge(in.day, segments, w.Clock.Now())
		if len(merged) == 0 {
			return nil
		}
		if err := w.mergeThese(ctx, in, merged); err != nil {
			return err
		}
	}
}

// mergeThese writes the rows of segments as new ones, and then removes the old ones. A segment that cannot be read stays.
func (w *Writer) mergeThese(ctx context.Context, in page, segments []Segment) error {
	var rows []row
	var read []Segment
	for _, s := range segments {
		of, err := w.store.rows(ctx, s.Key)
		switch {
		case errors.Is(err, bucket.ErrDamaged):
			w.damaged[s.Key] = true
			w.Log.Error(err, "A segment of the archive's history is damaged. It is left as it is; taskexec-archive rebuild makes it anew from the records")
			continue
		case bucket.IsMissing(err):
			continue // another writer merged it
		case err != nil:
			return err
		}
		rows, read = append(rows, of...), append(read, s)
	}
	if len(read) < 2 {
		return nil
	}
	// A row of a forgotten run in another segment would come back with the end of the note that it is forgotten.
	if err := w.expunge(ctx, in, goneIn(rows), read); err != nil {
		return err
	}
	rows = tidy(rows, w.forgotten())
	if _, err := w.writeSegments(ctx, in.namespace, rows); err != nil {
		return err
	}
	for _, s := range read {
		if err := w.Remove(ctx, s.Key); err != nil {
			return err
		}
	}
	w.Log.V(1).Info("Merged segments of the archive's history", "namespace", in.namespace, "segments", len(read), "rows", len(rows))
	return nil
}

// Compact merges the segments of all namespaces, of days since the given time. Flush only merges those of the days that it
// writes, which are not over yet.
func (w *Writer) Compact(ctx context.Context, since time.Time) error {
	namespaces, err := w.Namespaces(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, namespace := range namespaces {
		for day := Day(since); !day.After(w.Clock.Now()); day = day.Add(24 * time.Hour) {
			w.flushing.Lock()
			err := w.merge(ctx, page{namespace, day})
			w.flushing.Unlock()
			if err != nil {
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}

// Namespaces returns the namespaces that have a history.
func (s store) Namespaces(ctx context.Context) ([]string, error) {
	return s.folders(ctx, s.cluster.folder()+"history/")
}

// folders returns the names of the folders in a folder.
func (s store) folders(ctx context.Context, folder string) (found []string, err error) {
	err = s.List(ctx, folder, "/", func(object *blob.ListObject) error {
		if object.IsDir {
			found = append(found, strings.TrimSuffix(strings.TrimPrefix(object.Key, folder), "/"))
		}
		return nil
	})
	if err != nil {
		return nil, &bucket.Error{Doing: "listing " + folder + " of the archive", Err: err}
	}
	return found, nil
}

// Indexed calls visit with each run in the history of one day.
func (s store) Indexed(ctx context.Context, namespace string, day time.Time, visit func(name string, uid types.UID)) error {
	segments, err := s.segments(ctx, namespace, Day(day).Format(time.DateOnly))
	if err != nil {
		return err
	}
	for _, of := range segments {
		raw, err := s.read(ctx, of.Key, maxSegment)
		if bucket.IsMissing(err) {
			return fmt.Errorf("%w (it was merged meanwhile; it is tried again)", err)
		}
		if err != nil {
			return err
		}
		_, keys, err := decodeSegment(of.Key, raw, readKeys)
		if err != nil {
			continue // damaged: its runs are recorded again, as far as they still exist
		}
		for i := range keys {
			if !keys[i].Gone {
				visit(keys[i].Name, types.UID(keys[i].UID))
			}
		}
	}
	return nil
}
