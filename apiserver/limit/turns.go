// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package limit

import (
	"context"
	"sync"
)

// Turns limits how many operations of each key run concurrently. Further ones wait for their turn. It is safe for
// concurrent use.
type Turns struct {
	each int

	mu    sync.Mutex
	lines map[string]*line
}

// line is the queue of one key. It is deleted when it is empty.
type line struct {
	turns  chan struct{}
	inside int
}

// NewTurns returns Turns that allow each concurrent operations per key.
func NewTurns(each int) *Turns { return &Turns{each: each, lines: map[string]*line{}} }

// Take waits for a turn. done ends it; a second call does nothing. The error is that of ctx.
func (t *Turns) Take(ctx context.Context, key string) (done func(), err error) {
	t.mu.Lock()
	l := t.lines[key]
	if l == nil {
		l = &line{turns: make(chan struct{}, t.each)}
		t.lines[key] = l
	}
	l.inside++
	t.mu.Unlock()
	select {
	case l.turns <- struct{}{}:
		return sync.OnceFunc(func() {
			<-l.turns
			t.leave(key, l)
		}), nil
	case <-ctx.Done():
		t.leave(key, l)
		return nil, ctx.Err()
	}
}

func (t *Turns) leave(key string, l *line) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if l.inside--; l.inside == 0 {
		delete(t.lines, key)
	}
}
