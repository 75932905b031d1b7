// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package limit

import (
	"context"
	"sync"
)

// Semaphores limits how many operations of each key run concurrently: each key has a semaphore of its own. It is safe
// for concurrent use.
type Semaphores struct {
	each int

	mu   sync.Mutex
	held map[string]*semaphore
}

// semaphore is that of one key. It is deleted when nobody holds it or waits for it.
type semaphore struct {
	slots chan struct{}
	// users counts who holds it or waits for it.
	users int
}

// NewSemaphores returns Semaphores that allow each concurrent operations per key.
func NewSemaphores(each int) *Semaphores {
	return &Semaphores{each: each, held: map[string]*semaphore{}}
}

// Acquire waits until fewer than each operations of the key run. release ends the operation; a second call does
// nothing. The error is that of ctx.
func (s *Semaphores) Acquire(ctx context.Context, key string) (release func(), err error) {
	s.mu.Lock()
	own := s.held[key]
	if own == nil {
		own = &semaphore{slots: make(chan struct{}, s.each)}
		s.held[key] = own
	}
	own.users++
	s.mu.Unlock()
	select {
	case own.slots <- struct{}{}:
		return sync.OnceFunc(func() {
			<-own.slots
			s.leave(key, own)
		}), nil
	case <-ctx.Done():
		s.leave(key, own)
		return nil, ctx.Err()
	}
}

func (s *Semaphores) leave(key string, own *semaphore) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if own.users--; own.users == 0 {
		delete(s.held, key)
	}
}
