// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"gocloud.dev/gcerrors"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// upload writes a part to the bucket. It retries until it succeeds or the log is closed.
func (l *Log) upload(p closedPart) {
	key := l.index.partKey(&p.stream.stream.StreamID, len(p.stream.stream.Parts))
	var refused string
	err := l.insist(p.part.Bytes, func(ctx context.Context) (err error) {
		refused, err = l.put(ctx, key, p.file)
		return err
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil || len(l.queue) == 0 || l.queue[0].file != p.file {
		return // closed or abandoned meanwhile, or too late
	}
	s := p.stream
	if refused != "" {
		s.refuse(refused)
		return
	}
	l.queue = l.queue[1:]
	l.release(p.part.Bytes)
	l.removeFile(p.file)
	s.stream.Parts = append(s.stream.Parts, p.part)
	l.dirty, l.unlisted = true, l.unlisted+1
	l.w.metrics.bytes.Add(float64(p.part.Bytes))
	l.logger().V(2).Info("Uploaded a part", "key", key, "lines", p.part.Lines, "bytes", p.part.Bytes)
}

// put uploads a file, or returns the reason why that can never succeed. It never overwrites an existing key. If the
// object has the same bytes, the answer to an earlier attempt was lost. Otherwise another controller writes this log.
func (l *Log) put(ctx context.Context, key, name string) (refused string, err error) {
	file, err := os.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return v1alpha1.ReasonLogsArchiveFull, nil // somebody else removed it
	}
	if err != nil {
		return "", fmt.Errorf("reading the spool: %w", err)
	}
	defer file.Close()
	err = l.w.reader.Create(ctx, key, file)
	if gcerrors.Code(err) != gcerrors.FailedPrecondition {
		return "", err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return "", fmt.Errorf("reading the spool: %w", err)
	}
	there, err := l.w.reader.Get(ctx, key, 0, -1)
	if err != nil {
		return "", fmt.Errorf("reading the part that exists: %w", err)
	}
	defer func() { _ = there.Close() }() // nothing was written
	same, err := sameBytes(file, there)
	if err != nil || same {
		return "", err
	}
	return v1alpha1.ReasonLogsArchiveConflict, nil
}

func sameBytes(a, b io.Reader) (bool, error) {
	const chunk = 32 << 10
	x, y := make([]byte, chunk), make([]byte, chunk)
	for {
		n, errA := io.ReadFull(a, x)
		m, errB := io.ReadFull(b, y)
		if !bytes.Equal(x[:n], y[:m]) {
			return false, nil
		}
		overA := errors.Is(errA, io.EOF) || errors.Is(errA, io.ErrUnexpectedEOF)
		overB := errors.Is(errB, io.EOF) || errors.Is(errB, io.ErrUnexpectedEOF)
		switch {
		case errA != nil && !overA:
			return false, errA
		case errB != nil && !overB:
			return false, errB
		case overA || overB:
			return overA == overB, nil
		}
	}
}
