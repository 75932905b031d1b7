// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package records

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"github.com/taskexec/taskexec/controllers/bucket"
)

// patience is how long a store may be silent while an object is read.
const patience = 30 * time.Second

// store reads and writes the objects of one cluster.
type store struct {
	bucket.Bucket
	cluster Cluster
}

// read returns a whole object of at most that many bytes.
func (s store) read(ctx context.Context, key string, most int64) ([]byte, error) {
	reader, err := s.GetPatiently(ctx, key, patience)
	if err != nil {
		return nil, &bucket.Error{Doing: "reading " + key + " of the archive", Err: err}
	}
	defer func() { _ = reader.Close() }() // nothing was written
	raw, err := io.ReadAll(io.LimitReader(reader, most+1))
	if err == nil && int64(len(raw)) > most {
		err = fmt.Errorf("%w: it has more than %d bytes", bucket.ErrDamaged, most)
	}
	if err != nil {
		return nil, &bucket.Error{Doing: "reading " + key + " of the archive", Err: err}
	}
	return raw, nil
}

// create writes an object. One that exists is left as it is: records and segments never change.
func (s store) create(ctx context.Context, key string, content []byte) error {
	err := s.Create(ctx, key, bytes.NewReader(content))
	if err != nil && gcerrors.Code(err) != gcerrors.FailedPrecondition {
		return &bucket.Error{Doing: "writing " + key + " to the archive", Err: err}
	}
	return nil
}

// segments lists the segments of a namespace whose keys begin with a prefix of a day, such as 2026-03, oldest first. Objects
// with other names are left alone.
func (s store) segments(ctx context.Context, namespace, day string) (found []Segment, err error) {
	folder := s.cluster.historyFolder(namespace)
	err = s.List(ctx, folder+day, "", func(object *blob.ListObject) error {
		if segment, err := s.cluster.parseSegment(namespace, object.Key); err == nil {
			segment.Size = object.Size
			found = append(found, segment)
		}
		return nil
	})
	if err != nil {
		return nil, &bucket.Error{Doing: "listing " + folder + " of the archive", Err: err}
	}
	slices.SortFunc(found, func(a, b Segment) int { return strings.Compare(a.Key, b.Key) })
	return found, nil
}

// rows reads all rows of a segment.
func (s store) rows(ctx context.Context, key string) ([]row, error) {
	raw, err := s.read(ctx, key, maxSegment)
	if err != nil {
		return nil, err
	}
	_, rows, err := decodeSegment(key, raw, readRows[row])
	return rows, err
}

// writeSegments writes rows, which are in order, as segments.
func (s store) writeSegments(ctx context.Context, namespace string, rows []row) (written []Segment, err error) {
	for _, chunk := range chunks(rows) {
		raw, err := encodeSegment(chunk)
		if err != nil {
			return written, err
		}
		first, last := chunk[len(chunk)-1].createdAt(), chunk[0].createdAt()
		segment := Segment{Key: s.cluster.segmentKey(namespace, first, last, len(chunk)), First: first, Last: last, Rows: len(chunk), Size: int64(len(raw))}
		if err := s.create(ctx, segment.Key, raw); err != nil {
			return written, err
		}
		written = append(written, segment)
	}
	return written, nil
}
