// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package replay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/blob/driver"
	"gocloud.dev/gcerrors"

	"github.com/taskexec/taskexec/controllers/bucket"
	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/logs/lines"
)

const (
	benchBytes = 1 << 30
	benchPart  = 4 << 20 // the controller's default
	benchPage  = 1000
)

// BenchmarkPage reads a page of a log of 1 GiB. The cost must not depend on where the page is.
func BenchmarkPage(b *testing.B) {
	if testing.Short() {
		b.Skip("writes 1 GiB")
	}
	folder := b.TempDir()
	ix := writeArchive(b, folder)
	for name, at := range map[string]int{"middle": len(ix.Streams[0].Parts) / 2, "end": len(ix.Streams[0].Parts) - 1} {
		b.Run(name, func(b *testing.B) { benchmarkPage(b, folder, ix.Streams[0].Parts[at].First.Add(50*time.Millisecond)) })
	}
}

// benchmarkPage reads a page from a given time on.
func benchmarkPage(b *testing.B, folder string, at time.Time) {
	inner, err := bucket.Open(b.Context(), "file://"+folder)
	if err != nil {
		b.Fatal(err)
	}
	defer inner.Close()
	var read int64
	reader := archive.NewReader(blob.NewBucket(counting{inner: inner, read: &read}))
	page := func(l *Log) (n int) {
		_, err := l.Read(b.Context(), func(Line) error {
			if n++; n == benchPage {
				return ErrStop
			}
			return nil
		})
		if err != nil && !errors.Is(err, ErrStop) {
			b.Fatal(err)
		}
		return n
	}
	look := func(since time.Time) Look {
		return func(ctx context.Context) (*Replay, bool, error) {
			ix, err := reader.Index(ctx, ours)
			if err != nil || ix == nil {
				return nil, false, fmt.Errorf("no index: %w", err)
			}
			return &Replay{Archive: reader, Index: ix, Segments: segments(ix, false), Since: since}, true, nil
		}
	}
	first := &Log{Look: look(at)}
	page(first)
	read = 0
	b.ReportAllocs()
	for b.Loop() {
		if n := page(&Log{Look: look(time.Time{}), Position: first.Position}); n != benchPage {
			b.Fatalf("a page of %d lines", n)
		}
	}
	b.ReportMetric(float64(read)/float64(b.N), "bucket-B/page")
}

// writeArchive writes a log of 1 GiB, 10,000 lines a second, as the archive's writer would.
func writeArchive(b *testing.B, folder string) *archive.Index {
	b.Helper()
	ix := &archive.Index{Version: 1, Execution: ours, Ended: true}
	stream := archive.Stream{StreamID: archive.IDOf(&main), Role: main.Role, StartedAt: noon, Ended: true}
	of := filepath.Join(folder, ours.Namespace, string(ours.UID))
	parts := filepath.Join(of, main.Pod, main.Container, "0")
	if err := os.MkdirAll(parts, 0o755); err != nil {
		b.Fatal(err)
	}
	text, at := bytes.Repeat([]byte("0123456789"), 10), noon
	var raw []byte
	for total := 0; total < benchBytes; total += len(raw) {
		part := archive.Part{First: at}
		for raw = raw[:0]; len(raw) < benchPart; at = at.Add(100 * time.Microsecond) {
			raw = append(append(lines.AppendStamp(raw, at), text...), '\n')
			part.Lines, part.Last = part.Lines+1, at
		}
		part.Bytes = int64(len(raw))
		if err := os.WriteFile(filepath.Join(parts, fmt.Sprintf("%08d.log", len(stream.Parts))), raw, 0o600); err != nil {
			b.Fatal(err)
		}
		stream.Parts = append(stream.Parts, part)
	}
	ix.Streams = []archive.Stream{stream}
	index, err := json.Marshal(ix)
	if err == nil {
		err = os.WriteFile(filepath.Join(of, "index.json"), index, 0o600)
	}
	if err != nil {
		b.Fatal(err)
	}
	return ix
}

// counting is a bucket driver that reads from another bucket and counts the bytes.
type counting struct {
	driver.Bucket // methods that are not implemented are never called
	inner         *blob.Bucket
	read          *int64
}

func (c counting) ErrorCode(err error) gcerrors.ErrorCode { return gcerrors.Code(err) }

func (c counting) NewRangeReader(ctx context.Context, key string, offset, length int64, _ *driver.ReaderOptions) (driver.Reader, error) {
	r, err := c.inner.NewRangeReader(ctx, key, offset, length, nil)
	return countingReader{r, c.read}, err
}

type countingReader struct {
	*blob.Reader
	read *int64
}

func (c countingReader) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	*c.read += int64(n)
	return n, err
}

func (c countingReader) Attributes() *driver.ReaderAttributes {
	return &driver.ReaderAttributes{Size: c.Size(), ModTime: c.ModTime()}
}

func (countingReader) As(any) bool { return false }
