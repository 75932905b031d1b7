// Package cursor tells the lines of a resumed container log that were read before from those that were not.
//
// A log can be asked for "since" a time in whole seconds only (kubernetes/kubernetes#77856 and the wire form
// of metav1.Time), so that a resumed read repeats up to a second of lines. They are told apart by their
// timestamp and content, counted: a program may print one line many times in one instant.
package cursor

import (
	"hash/maphash"
	"time"
)

// maxSeen bounds how many different lines of one second are remembered, at about 32 bytes each.
const maxSeen = 1 << 16

// Cursor is where the reading of one container's log stands. The zero value is its beginning. It is not safe
// for concurrent use.
type Cursor struct {
	second time.Time
	// floor: what is older and within the second was read. It moves only when there are too many lines in a
	// second to remember each.
	floor time.Time
	seen  map[line]uint32
	// replay is what of seen has not come again since the last Resume; nil when nothing was resumed.
	replay map[line]uint32
	seed   maphash.Seed
}

// line of a log as it is remembered.
type line struct {
	at   int64
	hash uint64
}

// Since is the time to resume from, in whole seconds, zero for the beginning.
func (c *Cursor) Since() time.Time { return c.second }

// Resume says that the lines that follow come from a new read, from Since.
func (c *Cursor) Resume() {
	c.replay = make(map[line]uint32, len(c.seen))
	for l, n := range c.seen {
		c.replay[l] = n
	}
}

// Hash of a line's content, for Accept. Long lines need not be held: see NewHash.
func (c *Cursor) Hash(content []byte) uint64 {
	h := c.NewHash()
	_, _ = h.Write(content) // never fails, says its documentation
	return h.Sum64()
}

// NewHash gives a hash to write a line's content to, piece by piece.
func (c *Cursor) NewHash() *maphash.Hash {
	if c.seed == (maphash.Seed{}) {
		c.seed = maphash.MakeSeed()
	}
	var h maphash.Hash
	h.SetSeed(c.seed)
	return &h
}

// Accept tells whether a line is new, and remembers it.
func (c *Cursor) Accept(at time.Time, hash uint64) bool {
	l := line{at.UnixNano(), hash}
	switch second := at.Truncate(time.Second); {
	case second.After(c.second):
		c.second, c.floor = second, time.Time{}
		c.seen, c.replay = map[line]uint32{l: 1}, nil
		return true
	case second.Before(c.second):
		// Two streams of one container may be a little out of order. A resumed read does not go back so far.
		return true
	}
	if c.replay != nil {
		if n := c.replay[l]; n > 0 {
			c.replay[l] = n - 1
			return false
		}
		if at.Before(c.floor) {
			return false
		}
	}
	if len(c.seen) >= maxSeen {
		c.floor, c.seen = at, map[line]uint32{}
	}
	if c.seen == nil {
		c.seen = map[line]uint32{}
	}
	c.seen[l]++
	return true
}
