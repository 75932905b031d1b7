// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package records

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/controllers/bucket"
)

// Limits say how much of the past is kept. Zero means no limit.
type Limits struct {
	// MaxAge is how long a run is kept after its end.
	MaxAge time.Duration
	// MaxBytes is how many bytes of logs are kept. The newest runs are kept.
	MaxBytes int64
}

// Policy says what the archive keeps of one namespace.
type Policy struct {
	// Namespace limits all runs together, and Task those of one task; nil limits none.
	Namespace Limits
	Task      func(task string) Limits
	// AtLeast is how long a run is kept after its end whatever the bytes are.
	AtLeast time.Duration
	// Live reports whether a run still exists in the cluster. It is kept then.
	Live func(name string, uid types.UID) bool
}

// Expired is a run that a policy no longer keeps.
type Expired struct {
	Namespace, Name, Task string
	UID                   types.UID
	Created, Ended        time.Time
	// Bytes is how many bytes of log were read of the run.
	Bytes int64
	// Reason says which limit it is beyond: "age", "bytes of the namespace", and so on.
	Reason string
}

// sized is what expiry needs of a row.
type sized struct {
	rowKey
	completed, bytes int64
}

// ended is when the run ended, in milliseconds since 1970. A run without a completion time never began.
func (s *sized) ended() int64 { return max(s.completed, s.Created) }

// used counts the bytes of the runs that were kept so far, newest first.
type used struct {
	all int64
	of  map[string]int64
}

// expired returns the rows, given newest first, that a policy does not keep, and counts the bytes of the others. It is pure.
func (p *Policy) expired(now time.Time, rows []sized, u *used) (gone []Expired, at []int) {
	for n := range rows {
		r := &rows[n]
		if r.Gone {
			continue
		}
		reason := p.beyond(now, r, u)
		if reason == "" || p.Live != nil && p.Live(r.Name, types.UID(r.UID)) {
			u.all += r.bytes
			u.of[r.Task] += r.bytes
			continue
		}
		gone = append(gone, Expired{Name: r.Name, Task: r.Task, UID: types.UID(r.UID), Created: time.UnixMilli(r.Created).UTC(), Ended: time.UnixMilli(r.ended()).UTC(), Bytes: r.bytes, Reason: reason})
		at = append(at, n)
	}
	return gone, at
}

// beyond names the limit that a row is beyond, or returns nothing.
func (p *Policy) beyond(now time.Time, r *sized, u *used) string {
	var task Limits
	if p.Task != nil {
		task = p.Task(r.Task)
	}
	age := now.Sub(time.UnixMilli(r.ended()))
	switch {
	case task.MaxAge > 0 && age > task.MaxAge:
		return "age of the task's runs"
	case p.Namespace.MaxAge > 0 && age > p.Namespace.MaxAge:
		return "age of the namespace's runs"
	case age < p.AtLeast:
		return ""
	case task.MaxBytes > 0 && u.of[r.Task]+r.bytes > task.MaxBytes:
		return "bytes of the task's logs"
	case p.Namespace.MaxBytes > 0 && u.all+r.bytes > p.Namespace.MaxBytes:
		return "bytes of the namespace's logs"
	default:
		return ""
	}
}

// Expire finds the runs of a namespace that a policy does not keep. It calls remove with each; nil only counts, which is a dry
// run. A run for which remove returns no error is dropped from the history, after its record was removed. Expire stops at the
// first error, and without one when remove returns ErrEnough.
//
// Only runs that are in the history expire, so nothing is ever removed because a cluster does not have it.
func (w *Writer) Expire(ctx context.Context, namespace string, p Policy, remove func(context.Context, Expired) error) (expired []Expired, err error) {
	segments, err := w.segments(ctx, namespace, "")
	if err != nil {
		return nil, err
	}
	slices.SortFunc(segments, func(a, b Segment) int {
		return cmp.Or(b.Last.Compare(a.Last), strings.Compare(a.Key, b.Key))
	})
	u := &used{of: map[string]int64{}}
	for _, s := range segments {
		gone, err := w.expireIn(ctx, namespace, s, &p, u, remove)
		expired = append(expired, gone...)
		if err != nil {
			return expired, ignoreEnough(err)
		}
	}
	return expired, nil
}

// ErrEnough ends Expire early, without an error.
var ErrEnough = errors.New("enough runs were removed for now")

func ignoreEnough(err error) error {
	if errors.Is(err, ErrEnough) {
		return nil
	}
	return err
}

func (w *Writer) expireIn(ctx context.Context, namespace string, s Segment, p *Policy, u *used, remove func(context.Context, Expired) error) ([]Expired, error) {
	raw, err := w.read(ctx, s.Key, maxSegment)
	if bucket.IsMissing(err) {
		return nil, nil // it was merged meanwhile
	}
	if err != nil {
		return nil, err
	}
	file, rows, err := decodeSegment(s.Key, raw, readSized)
	if err != nil {
		w.Log.Error(err, "A damaged segment of the archive's history is left as it is")
		return nil, nil
	}
	gone, at := p.expired(w.Clock.Now(), rows, u)
	if remove == nil || len(gone) == 0 {
		return gone, nil
	}
	var removed []int
	var failed error
	for i := range gone {
		gone[i].Namespace = namespace
		if failed = w.removeRun(ctx, gone[i], remove); failed != nil {
			gone = gone[:i]
			break
		}
		removed = append(removed, at[i])
	}
	return gone, errors.Join(failed, w.dropRows(ctx, namespace, s, file, removed))
}

// removeRun removes what belongs to a run, and its record last, so that a crash leaves what a later sweep finds.
func (w *Writer) removeRun(ctx context.Context, e Expired, remove func(context.Context, Expired) error) error {
	if err := remove(ctx, e); err != nil {
		return err
	}
	return w.Remove(ctx, w.cluster.recordKey(e.Namespace, e.Name, e.UID))
}

// dropRows replaces a segment by one without some rows.
func (w *Writer) dropRows(ctx context.Context, namespace string, s Segment, file *parquet.File, dropped []int) error {
	w.flushing.Lock()
	defer w.flushing.Unlock()
	return w.replaceWithout(ctx, namespace, s, file, dropped)
}

// forgetTail makes sure that a segment that is about to be removed is not written again from memory.
func (w *Writer) forgetTail(key string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, b := range w.buffers {
		if b.segment.Key == key {
			b.tail, b.segment = nil, Segment{}
		}
	}
}

// readSized reads the columns that expiry needs.
func readSized(file *parquet.File) (rows []sized, err error) {
	defer damaged(&err)
	keys, err := readKeys(file)
	if err != nil {
		return nil, err
	}
	rows = make([]sized, len(keys))
	for n := range keys {
		rows[n].rowKey = keys[n]
	}
	err = errors.Join(
		readColumn(file, "completed", func(n int, v parquet.Value, _ func(parquet.Value) string) {
			if !v.IsNull() {
				rows[n].completed = v.Int64()
			}
		}),
		readColumn(file, "log_bytes", func(n int, v parquet.Value, _ func(parquet.Value) string) { rows[n].bytes = v.Int64() }),
	)
	return rows, err
}

// String describes an expired run for a person.
func (e *Expired) String() string {
	return fmt.Sprintf("%s/%s of task %s, ended %s, %d bytes of log: beyond the %s", e.Namespace, e.Name, e.Task, e.Ended.Format(time.RFC3339), e.Bytes, e.Reason)
}
