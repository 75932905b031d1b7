// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package idle

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"
)

// slow is a response whose steps each take a while, unless its context ends.
type slow struct {
	ctx    context.Context //nolint:containedctx // of one response
	each   time.Duration
	left   int
	closed bool
}

func (s *slow) wait() error {
	select {
	case <-time.After(s.each):
		return nil
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
}

func (s *slow) Read(p []byte) (int, error) {
	if err := s.wait(); err != nil {
		return 0, err
	}
	if s.left--; s.left < 0 {
		return 0, io.EOF
	}
	p[0] = 'x'
	return 1, nil
}

func (s *slow) Close() error {
	s.closed = true
	return nil
}

func TestOpen(t *testing.T) {
	for name, c := range map[string]struct {
		opening, each, outer time.Duration
		want                 error
	}{
		"quick":                     {time.Second, time.Second, time.Hour, nil},
		"as slow as it may be":      {9 * time.Second, 9 * time.Second, time.Hour, nil},
		"too slow to open":          {11 * time.Second, 0, time.Hour, ErrTimeout},
		"too slow to read":          {0, 11 * time.Second, time.Hour, ErrTimeout},
		"the caller gives up first": {0, 11 * time.Second, 5 * time.Second, context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), c.outer)
				defer cancel()
				s := &slow{each: c.opening, left: 3}
				b, err := Open(ctx, 10*time.Second, func(ctx context.Context) (io.ReadCloser, error) {
					s.ctx = ctx
					err := s.wait()
					return s, err
				})
				if err == nil {
					s.each = c.each
					_, err = io.ReadAll(b)
					if closing := b.Close(); closing != nil || !s.closed {
						t.Errorf("not closed: %v", closing)
					}
				}
				if !errors.Is(err, c.want) || (!errors.Is(c.want, ErrTimeout) && errors.Is(err, ErrTimeout)) {
					t.Errorf("got %v, want %v", err, c.want)
				}
			})
		})
	}
}

// The time that the caller takes between two reads is not limited.
func TestACallerMayTakeItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{left: 3}
		b, err := Open(t.Context(), time.Second, func(ctx context.Context) (io.ReadCloser, error) {
			s.ctx = ctx
			return s, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			<-time.After(time.Minute)
			if _, err := b.Read(make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
		}
		_ = b.Close()
	})
}
