package limit

import (
	"errors"
	"sync"
)

// shareOf the places that one key may hold at once, as a divisor.
const shareOf = 4

// ErrFull and ErrShare say why there is no place: all are taken, or all that one key may hold.
var (
	ErrFull  = errors.New("all places are taken")
	ErrShare = errors.New("all places that one may hold are taken")
)

// Places bounds how many do something at once, in all and for each key: one key holds at most a quarter, and at least
// one. It is safe for concurrent use.
type Places struct {
	most, share int

	mu    sync.Mutex
	taken int
	held  map[string]int
}

// NewPlaces makes so many places, at least one.
func NewPlaces(most int) *Places {
	most = max(1, most)
	return &Places{most: most, share: Share(most), held: map[string]int{}}
}

// Share gives how many of so many places one key may hold.
func Share(most int) int { return max(1, most/shareOf) }

// Most gives how many places there are, and how many of them one key may hold.
func (p *Places) Most() (most, share int) { return p.most, p.share }

// Held returns how many places a key holds.
func (p *Places) Held(key string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.held[key]
}

// Take takes a place for a key, which back gives back; calling back again does nothing. An empty key has no share of
// its own, and is bounded by all places. The error is ErrFull or ErrShare.
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
