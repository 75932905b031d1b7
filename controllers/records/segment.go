// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package records

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"

	"github.com/taskexec/taskexec/controllers/bucket"
)

const (
	// MaxSegmentRows bounds the rows of a segment.
	MaxSegmentRows = 16384
	// maxSegment bounds the size of a segment in bytes, and so the memory for reading one. Rows of maxListed bytes
	// compress to a fraction of that.
	maxSegment = 64 << 20
	// segmentPages is the size of a page in bytes before compression. A reader decompresses only the pages with the rows that it
	// wants.
	segmentPages = 64 << 10
)

// encodeSegment returns a segment with the given rows, which must be in order.
func encodeSegment(rows []row) ([]byte, error) {
	var out bytes.Buffer
	w := parquet.NewGenericWriter[row](&out, parquet.PageBufferSize(segmentPages), parquet.Compression(&parquet.Snappy),
		parquet.CreatedBy("taskexec", "2", ""))
	if _, err := w.Write(rows); err != nil {
		return nil, fmt.Errorf("encoding a segment of %d rows: %w", len(rows), err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("encoding a segment of %d rows: %w", len(rows), err)
	}
	return out.Bytes(), nil
}

// openSegment opens the bytes of a segment.
func openSegment(raw []byte) (file *parquet.File, err error) {
	defer damaged(&err)
	file, err = parquet.OpenFile(bytes.NewReader(raw), int64(len(raw)), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, err
	}
	if file.NumRows() > MaxSegmentRows {
		return nil, fmt.Errorf("it has %d rows, more than %d", file.NumRows(), MaxSegmentRows)
	}
	return file, nil
}

// decodeSegment opens the bytes of a segment and reads from it. The error names the segment.
func decodeSegment[T any](key string, raw []byte, read func(*parquet.File) ([]T, error)) (file *parquet.File, rows []T, err error) {
	if file, err = openSegment(raw); err == nil {
		rows, err = read(file)
	}
	if err != nil {
		return nil, nil, &bucket.Error{Doing: "reading the segment " + key + " of the archive", Err: err}
	}
	return file, rows, nil
}

// readRows reads all rows, with the columns of T only.
func readRows[T any](file *parquet.File) (rows []T, err error) {
	defer damaged(&err)
	reader := parquet.NewGenericReader[T](file)
	defer reader.Close()
	rows = make([]T, file.NumRows())
	for n := 0; n < len(rows); {
		read, err := reader.Read(rows[n:])
		n += read
		if errors.Is(err, io.EOF) && n == len(rows) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// readExecutions reads the column Execution of some rows, given in ascending order.
func readExecutions(file *parquet.File, rows []int) (listed []string, err error) {
	defer damaged(&err)
	column, found := file.Schema().Lookup("execution")
	if !found || len(file.RowGroups()) != 1 {
		return nil, fmt.Errorf("it has no column execution in one group of rows")
	}
	pages := file.RowGroups()[0].ColumnChunks()[column.ColumnIndex].Pages()
	defer pages.Close()
	var page parquet.Page
	first, next := 0, 0 // the rows of the page
	defer func() { parquet.Release(page) }()
	for _, n := range rows {
		if page == nil || n >= next {
			parquet.Release(page)
			page = nil
			if err := pages.SeekToRow(int64(n)); err != nil {
				return nil, err
			}
			if page, err = pages.ReadPage(); err != nil {
				return nil, err
			}
			first, next = n, n+int(page.NumRows())
		}
		value, err := valueAt(page, n-first)
		if err != nil {
			return nil, err
		}
		listed = append(listed, value)
	}
	return listed, nil
}

// valueAt reads one value of a page of a column without nulls.
func valueAt(page parquet.Page, n int) (string, error) {
	values := page.Slice(int64(n), int64(n)+1).Values()
	one := make([]parquet.Value, 1)
	if read, err := values.ReadValues(one); read != 1 {
		return "", fmt.Errorf("a row has no execution: %w", err)
	}
	return string(one[0].ByteArray()), nil
}

// damaged is deferred. It makes an error or a panic of the decoder, which trusts its input, an error about the object.
func damaged(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%v", p)
	}
	if *err != nil && !errors.Is(*err, bucket.ErrDamaged) {
		*err = fmt.Errorf("%w: %w", bucket.ErrDamaged, *err)
	}
}
