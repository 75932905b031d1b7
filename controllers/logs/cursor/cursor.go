// Package cursor tells the lines of a resumed container log that were read before from those that were not.
//
// A log can be asked for "since" a time in whole seconds only (kubernetes/kubernetes#77856 and the wire form
// of metav1.Time), so that a resumed read repeats up to a second of lines, and a little more. They are told
// apart by their timestamp and content, counted: a program may print one line many times in one instant.
package cursor

import (
	"hash/maphash"
	"slices"
	"time"
)

const (
	// maxSeen bounds how many lines are remembered, at 24 bytes each; those that come again and again one after
	// the other count once.
	maxSeen = 1 << 14
	// slack is by how much a line may be stamped earlier than one that stands before it: the runtime stamps
	// stdout and stderr apart, and writes them as they come.
	slack = 100 * time.Millisecond
)

// Cursor is where the reading of one container's log stands. The zero value is its beginning. It is not safe
// for concurrent use.
//
// A log is given in the order of its file, and a file loses its beginning only. So a resumed read gives, in the
// order in which they were accepted, all lines up to the last one and then new ones; or, when the file was rotated
// meanwhile, only the later of them, or none.
//
// What is accepted before the first Resume is what somebody else has read. It may be the end of it only: what was
// stamped earlier counts as read.
type Cursor struct {
	// recent lines that were accepted, the last one at the end.
	recent []counted
	// floor is the latest stamp of the lines that were accepted and are not remembered.
	floor int64
	// replay is what of the recent lines has not come again since the last Resume; nil when the last of them has,
	// so that all that follows is new.
	replay map[line]uint32
	// passing: no new line has come since the last Resume, so that lines that are not remembered may come again.
	passing bool
	// awaited is the line that was the last one at the Resume; missed: it has not come again.
	awaited line
	missed  bool
	resumed bool
	// doubted is a line that begins a file, and believed that it is new all the same.
	doubted  line
	believed bool
	seed     maphash.Seed
}

// line of a log as it is remembered.
type line struct {
	at   int64
	hash uint64
}

func lineOf(at time.Time, hash uint64) line { return line{at.UnixNano(), hash} }

// counted is a line that came so many times in a row.
type counted struct {
	line
	count uint32
}

// Since is the time to resume from, in whole seconds, zero for the beginning. It may be earlier than before, when
// the node's clock was set back.
func (c *Cursor) Since() time.Time {
	if len(c.recent) == 0 {
		return time.Time{}
	}
	return ResumeFrom(time.Unix(0, c.recent[len(c.recent)-1].at).UTC())
}

// ResumeFrom is the time to resume from after a line of that time, in whole seconds: its second, or the one before
// while a line of that may still come.
func ResumeFrom(at time.Time) time.Time { return at.Add(-slack).Truncate(time.Second) }

// Resume says that the lines that follow come from a new read, from Since.
func (c *Cursor) Resume() {
	c.replay, c.missed, c.passing, c.resumed = nil, false, false, true
	if len(c.recent) == 0 {
		return
	}
	c.recent = slices.Clone(c.recent) // without the room that more of them took
	c.replay = make(map[line]uint32, len(c.recent))
	from := c.Since().UnixNano()
	for _, l := range c.recent {
		if l.at >= from {
			c.replay[l.line] += l.count
		}
	}
	c.awaited, c.missed, c.passing = c.recent[len(c.recent)-1].line, true, true
}

// Replayed tells whether the line that was accepted last before the Resume has come again, so that the log goes
// on where it was left. It is true when there was none.
func (c *Cursor) Replayed() bool { return !c.missed }

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
	l := lineOf(at, hash)
	if c.replay != nil && c.replays(l) {
		return false
	}
	c.remember(l)
	return true
}

// doubts tells whether a line with which a resumed read begins may be a part of one that was read: see Reader. It is
// stamped earlier than the last line that was read, and is not among those.
func (c *Cursor) doubts(l line) bool {
	return c.replay != nil && l.at < c.awaited.at && !c.knows(l) && !(c.believed && l == c.doubted)
}

// believe a line that was doubted, when that is certain or it comes for the second time: a response may end early.
func (c *Cursor) believe(l line, certain bool) {
	c.believed = certain || l == c.doubted
	c.doubted = l
}

// knows tells whether a line is among those that a resumed read gives again.
func (c *Cursor) knows(l line) bool { return c.replay[l] > 0 || (c.passing && l.at <= c.floor) }

// replays tells whether a line of a resumed read was read before.
func (c *Cursor) replays(l line) bool {
	if l == c.awaited {
		c.missed = false
	}
	switch n := c.replay[l]; {
	case n == 1 && l == c.awaited:
		c.replay = nil
		return true
	case n == 1:
		delete(c.replay, l)
		return true
	case n > 1:
		c.replay[l] = n - 1
		return true
	case c.passing && l.at <= c.floor:
		return true
	}
	c.passing = false
	if l.at > c.awaited.at+int64(slack) {
		c.replay = nil // the awaited line will not come again
	}
	return false
}

// wentBack tells whether a line is stamped so much earlier than the one before it, within one read, that it was read
// before, or the node's clock was set back.
func (c *Cursor) wentBack(l line) bool {
	n := len(c.recent)
	return c.replay == nil && n > 0 && l.at < c.recent[n-1].at-int64(slack)
}

// remember a line, and forget those that are too many, or too old to come again.
func (c *Cursor) remember(l line) {
	n := len(c.recent)
	switch {
	case n == 0:
		if !c.resumed {
			c.floor = l.at - 1
		}
	case c.recent[n-1].line == l:
		c.recent[n-1].count++
		return
	}
	c.recent = append(c.recent, counted{l, 1})
	for from := ResumeFrom(time.Unix(0, l.at)).UnixNano(); len(c.recent) > maxSeen || c.recent[0].at < from; c.recent = c.recent[1:] {
		c.floor = max(c.floor, c.recent[0].at)
	}
}
