// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sort"
	"time"

	"gocloud.dev/blob"

	"github.com/go-logr/logr"

	"github.com/taskexec/taskexec/controllers/bucket"
)

const (
	// maxIndex bounds an index in bytes, so that a damaged index does not cost memory.
	maxIndex = 64 << 20
	// readPatience is the default patience of a Reader.
	readPatience = 30 * time.Second
	// maxPart bounds the size of a part in an index, in bytes. No store has larger objects, and sums cannot overflow.
	maxPart = 1 << 43
)

// Reader reads archives.
type Reader struct {
	bucket.Bucket
	// patience is how long a store may be silent while a part is read.
	patience time.Duration
}

// NewReader returns a Reader.
func NewReader(b *blob.Bucket) *Reader { return &Reader{bucket.New(b, logr.Discard()), readPatience} }

// Index returns the index of an execution's archive, or nil if there is none. An index that is damaged, larger than 64
// MiB or of a later version is an error. The errors of Index, and of the result of Open, have the type *Error.
func (r *Reader) Index(ctx context.Context, e Execution) (*Index, error) {
	ix, err := r.read(ctx, e.indexKey())
	if bucket.IsMissing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, &bucket.Error{Doing: "reading the index " + e.indexKey() + " of the archive", Err: err}
	}
	ix.Execution = e
	return ix, nil
}

func (r *Reader) read(ctx context.Context, key string) (*Index, error) {
	reader, err := r.Get(ctx, key, 0, -1)
	if err != nil {
		return nil, err
	}
	defer func() { _ = reader.Close() }() // nothing was written
	if reader.Size() > maxIndex {
		return nil, fmt.Errorf("%w: it has %d bytes, more than %d", bucket.ErrDamaged, reader.Size(), maxIndex)
	}
	raw, err := io.ReadAll(io.LimitReader(reader, maxIndex))
	if err != nil {
		return nil, err
	}
	return decodeIndex(raw)
}

func decodeIndex(raw []byte) (*Index, error) {
	ix := &Index{}
	if err := json.Unmarshal(raw, ix); err != nil {
		return nil, fmt.Errorf("%w: %w", bucket.ErrDamaged, err)
	}
	if ix.Version != indexVersion {
		return nil, fmt.Errorf("%w: it is of version %d, and this program knows version %d", bucket.ErrDamaged, ix.Version, indexVersion)
	}
	for i := range ix.Streams {
		for _, p := range ix.Streams[i].Parts {
			if p.Lines < 0 || p.Lines > p.Bytes || p.Bytes > maxPart {
				return nil, fmt.Errorf("%w: a part has %d lines in %d bytes", bucket.ErrDamaged, p.Lines, p.Bytes)
			}
		}
	}
	return ix, nil
}

// Open returns the raw bytes of a stream from the beginning of a part on. It opens each part only when needed.
func (r *Reader) Open(ctx context.Context, ix *Index, stream, part int) io.ReadCloser {
	s := &ix.Streams[stream]
	return &partsReader{ctx: ctx, store: r.Bucket, patience: r.patience, next: part, parts: s.Parts, key: func(n int) string {
		return ix.partKey(&s.StreamID, n)
	}}
}

// partsReader reads parts one after the other.
type partsReader struct {
	ctx   context.Context //nolint:containedctx // of one request, which the reader does not outlive
	store bucket.Bucket
	// patience is that of the Reader.
	patience time.Duration
	parts    []Part
	next     int
	key      func(int) string
	current  io.ReadCloser
	// got is how many bytes of the part were read.
	got int64
	err error
}

func (p *partsReader) Read(to []byte) (int, error) {
	for p.current == nil && p.err == nil {
		p.open()
	}
	if p.err != nil {
		return 0, p.err
	}
	n, err := p.current.Read(to)
	p.got += int64(n)
	switch want := p.parts[p.next-1].Bytes; {
	case errors.Is(err, io.EOF):
		_ = p.current.Close()
		p.current = nil
		if p.got != want {
			p.err = &bucket.Error{Doing: fmt.Sprintf("reading part %d of an archived log", p.next-1), Err: fmt.Errorf("%w: it has %d bytes, and its index says %d", bucket.ErrDamaged, p.got, want)}
		}
	case err != nil:
		p.err = &bucket.Error{Doing: fmt.Sprintf("reading part %d of an archived log", p.next-1), Err: err}
	}
	return n, p.err
}

// open opens the next part.
func (p *partsReader) open() {
	if p.next >= len(p.parts) {
		p.err = io.EOF
		return
	}
	reader, err := p.store.GetPatiently(p.ctx, p.key(p.next), p.patience)
	if err != nil {
		p.err = &bucket.Error{Doing: fmt.Sprintf("opening part %d of an archived log", p.next), Err: err}
		return
	}
	p.current, p.got = reader, 0
	p.next++
}

func (p *partsReader) Close() error {
	p.err = cmp.Or(p.err, fs.ErrClosed)
	if p.current == nil {
		return nil
	}
	err := p.current.Close()
	p.current = nil
	return err
}

// Newest returns the latest timestamp of the archived lines, or zero.
func (s *Stream) Newest() (newest time.Time) {
	for i := range s.Parts {
		if s.Parts[i].Last.After(newest) {
			newest = s.Parts[i].Last
		}
	}
	return newest
}

// PartAt returns the part from which to read the lines of that time or later. That is the first part with such a line
// or, if that part begins within a line, the part where that line begins. It returns len(Parts) if there is no such
// line. Timestamps may be out of order.
func (s *Stream) PartAt(at time.Time) int {
	for i := range s.Parts {
		if s.Parts[i].Lines == 0 || s.Parts[i].Last.Before(at) {
			continue
		}
		for i > 0 && s.Parts[i].Continues {
			i--
		}
		return i
	}
	return len(s.Parts)
}

// PartOfLine returns the part in which line n begins, counted from 0, or len(Parts) if there is no such line.
func (s *Stream) PartOfLine(n int64) int {
	before := make([]int64, len(s.Parts)) // lines up to the end of each part
	var sum int64
	for i := range s.Parts {
		sum += s.Parts[i].Lines
		before[i] = sum
	}
	return sort.Search(len(s.Parts), func(i int) bool { return before[i] > n })
}
