// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package records

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/bucket"
)

const (
	// forgottenFor is how long a segment keeps the note that a run is forgotten. No writer has the run's row in memory for so
	// long.
	forgottenFor = 24 * time.Hour
	// bufferedRows bounds the rows in memory that are not in a segment yet. Put waits beyond it.
	bufferedRows = 20_000
)

// WriterOptions are the options of a Writer.
type WriterOptions struct {
	Bucket  bucket.Bucket
	Cluster Cluster
	Clock   clock.PassiveClock
	Log     logr.Logger
}

// Writer writes records and segments. It is safe for concurrent use.
type Writer struct {
	store
	WriterOptions

	mu sync.Mutex
	// buffers has the rows of each namespace and day that are not in a segment yet, and the newest small segment.
	buffers map[page]*buffer
	rows    int
	// damaged has the segments that could not be read. They are left as they are.
	damaged map[string]bool
	// flushing is held while segments are written, so that they are written by one goroutine at a time.
	flushing sync.Mutex
}

// page is a namespace and a day.
type page struct {
	namespace string
	day       time.Time
}

// buffer has the rows of a page that come next.
type buffer struct {
	rows []row
	// tail has the rows of the newest small segment, which the next one replaces. last is when that was written.
	tail    []row
	segment Segment
	last    time.Time
	// gone are forgotten runs whose rows may still be in other segments.
	gone []row
}

// NewWriter returns a Writer.
func NewWriter(o WriterOptions) *Writer {
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	return &Writer{store: store{o.Bucket, o.Cluster}, WriterOptions: o, buffers: map[page]*buffer{}, damaged: map[string]bool{}}
}

// ErrBusy means that too many rows wait for the store.
var ErrBusy = errors.New("too many records wait for the archive's history")

// Put writes the record of an ended run, unless it is there already. Flush adds the run to the history.
func (w *Writer) Put(ctx context.Context, e *v1alpha1.TaskExecution, task *TaskSnapshot) error {
	w.mu.Lock()
	full := w.rows >= bufferedRows
	w.mu.Unlock()
	if full {
		return ErrBusy
	}
	record := &Record{Version: recordVersion, Cluster: w.cluster, RecordedAt: w.Clock.Now().UTC(), Execution: trimmed(e), Task: task}
	raw, err := record.encode()
	if err != nil {
		return err
	}
	if err := w.create(ctx, w.cluster.recordKey(e.Namespace, e.Name, e.UID), raw); err != nil {
		return err
	}
	r, err := rowOf(record)
	if err != nil {
		return err
	}
	w.add(e.Namespace, r)
	return nil
}

// Forget removes the record of a run and its place in the history. The log is not removed here.
func (w *Writer) Forget(ctx context.Context, namespace, name string, uid types.UID, created time.Time) error {
	if err := w.Remove(ctx, w.cluster.recordKey(namespace, name, uid)); err != nil {
		return fmt.Errorf("forgetting execution %s/%s: %w", namespace, name, err)
	}
	w.add(namespace, row{Created: created.UnixMilli(), Name: name, UID: string(uid), Gone: true, Recorded: w.Clock.Now().UnixMilli()})
	return nil
}

func (w *Writer) add(namespace string, r row) {
	w.mu.Lock()
	defer w.mu.Unlock()
	in := page{namespace, Day(r.createdAt())}
	if w.buffers[in] == nil {
		w.buffers[in] = &buffer{}
	}
	w.buffers[in].rows = append(w.buffers[in].rows, r)
	w.rows++
}

// Pending returns how many rows are not in a segment yet.
func (w *Writer) Pending() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rows
}

// Flush writes all rows that wait into segments, and merges segments. It calls indexed with each run that is in the history
// then. It tries each page, even if another fails.
func (w *Writer) Flush(ctx context.Context, indexed func(types.UID)) error {
	w.flushing.Lock()
	defer w.flushing.Unlock()
	var errs []error
	for _, in := range w.waiting() {
		if err := w.flush(ctx, in, indexed); err != nil {
			errs = append(errs, err)
			continue
		}
		if err := w.merge(ctx, in); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// waiting returns the pages with rows, and drops buffers that were not used for long.
func (w *Writer) waiting() (pages []page) {
	const idle = 10 * time.Minute
	w.mu.Lock()
	defer w.mu.Unlock()
	for in, b := range w.buffers {
		switch {
		case len(b.rows) > 0, len(b.gone) > 0: // gone is left if the last write of the history failed half way
			pages = append(pages, in)
		case w.Clock.Since(b.last) > idle:
			delete(w.buffers, in)
		}
	}
	return pages
}

// flush writes the rows of a page with those of the newest small segment, and removes that segment then.
func (w *Writer) flush(ctx context.Context, in page, indexed func(types.UID)) error {
	w.mu.Lock()
	b := w.buffers[in]
	fresh := slices.Clone(b.rows)
	rows := tidy(append(slices.Clone(fresh), b.tail...), time.Time{})
	gone := append(goneIn(fresh), b.gone...)
	replaced := b.segment
	w.mu.Unlock()
	if len(fresh) == 0 {
		return w.expunge(ctx, in, gone, nil)
	}
	written, err := w.writeSegments(ctx, in.namespace, rows)
	if err != nil {
		return err
	}
	w.mu.Lock()
	b.rows = slices.Clone(b.rows[len(fresh):])
	w.rows -= len(fresh)
	b.tail, b.segment, b.last, b.gone = nil, Segment{}, w.Clock.Now(), gone
	if len(written) == 1 && classOf(len(rows)) == 0 {
		b.tail, b.segment = rows, written[0]
	}
	w.mu.Unlock()
	for i := range fresh {
		if indexed != nil {
			indexed(types.UID(fresh[i].UID))
		}
	}
	if replaced.Key != "" {
		if err := w.Remove(ctx, replaced.Key); err != nil {
			return err
		}
	}
	return w.expunge(ctx, in, gone, nil)
}

func (w *Writer) forgotten() time.Time { return w.Clock.Now().Add(-forgottenFor) }
