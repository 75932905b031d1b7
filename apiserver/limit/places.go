// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package limit

import (
	"errors"
	"sync"
)

// shareOf is a divisor: one key may hold 1/shareOf of the places.
const shareOf = 4

// The errors of Take: ErrFull if all places are taken, ErrShare if the key holds its share.
var (
	ErrFull  = errors.New("all places are taken")
	ErrShare = errors.New("this key holds as many places as it may")
)

// Places limits how many operations run concurrently, in total and for each key. One key may hold a quarter of the
// places, and at least one. It is safe for concurrent use.
type Places struct {
	most, share int

	mu    sync.Mutex
	taken int
	held  map[string]int
}

// NewPlaces returns Places with the given number of places, at least one.
func NewPlaces(most int) *Places {
	most = max(1, most)
	return &Places{most: most, share: Share(most), held: map[string]int{}}
}

// Share returns how many of most places one key may hold.
func Share(most int) int { return max(1, most/shareOf) }

// Most returns how many places there are, and how many of them one key may hold.
func (p *Places) Most() (most, share int) { return p.most, p.share }

// Held returns how many places a key holds.
func (p *Places) Held(key string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.held[key]
}

// Take takes a place for a key. back releases it; a second call does nothing. The empty key has no share: only the
// total limits it. The error is ErrFull or ErrShare.
func (p *Places) Take(key string) (back func(), err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case key != "" && p.held[key] >= p.share:
		return nil, ErrShare
	case p.taken >= p.most:
		return nil, ErrFull
	}
	p.taken++
	if key != "" {
		p.held[key]++
	}
	return sync.OnceFunc(func() { p.giveBack(key) }), nil
}

func (p *Places) giveBack(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken--
	if key == "" {
		return
	}
	if p.held[key]--; p.held[key] == 0 {
		delete(p.held, key)
	}
}
