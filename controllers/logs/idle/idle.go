// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package idle limits how long a response may be silent.
package idle

import (
	"context"
	"fmt"
	"io"
	"time"
)

// ErrTimeout ends a response that was silent for too long. It is a context.DeadlineExceeded.
var ErrTimeout = fmt.Errorf("no answer in time: %w", context.DeadlineExceeded)

// Open returns the body that open opens. Opening and each Read take at most limit, otherwise the error is ErrTimeout.
// The body must be closed, and does not outlive ctx.
func Open(ctx context.Context, limit time.Duration, open func(context.Context) (io.ReadCloser, error)) (io.ReadCloser, error) {
	b := &body{outer: ctx, limit: limit}
	b.inner, b.cancel = context.WithCancel(ctx)
	b.timer = time.AfterFunc(limit, b.cancel)
	opened, err := open(b.inner)
	b.timer.Stop() // the caller may take longer until it reads
	if err != nil {
		err = b.judge(err)
		b.cancel()
		return nil, err
	}
	b.ReadCloser = opened
	return b, nil
}

type body struct {
	io.ReadCloser
	outer, inner context.Context //nolint:containedctx // of one response, which the body does not outlive
	cancel       context.CancelFunc
	timer        *time.Timer
	limit        time.Duration
}

func (b *body) Read(to []byte) (int, error) {
	b.timer.Reset(b.limit)
	n, err := b.ReadCloser.Read(to)
	b.timer.Stop() // the caller may take longer with what it read
	return n, b.judge(err)
}

// judge turns an error into ErrTimeout if the timer ended the response.
func (b *body) judge(err error) error {
	if err != nil && b.inner.Err() != nil && b.outer.Err() == nil {
		return ErrTimeout
	}
	return err
}

func (b *body) Close() error {
	b.timer.Stop()
	b.cancel()
	return b.ReadCloser.Close()
}
