// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"hash/maphash"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// long is a line that is read in pieces. If its connection breaks and the line comes again, reading goes on where it
// was cut. Its text is not kept in memory.
type long struct {
	at time.Time
	// hash is that of the first piece, which identifies the line.
	hash uint64
	// length is how many bytes were delivered, and sum is their hash.
	length int64
	sum    *maphash.Hash
	// left is how many delivered bytes have not come again, and again is the hash of those that have. again is nil
	// while the line has not come again.
	left  int64
	again *maphash.Hash
}

func newLong(at time.Time, head []byte, hash uint64, sum *maphash.Hash) *long {
	l := &long{at: at, hash: hash, sum: sum}
	l.add(head)
	return l
}

// is reports whether a line may be this one.
func (l *long) is(e Event) bool {
	return l != nil && e.More && l.at.Equal(e.At) && l.hash == e.Hash
}

// add counts the next piece.
func (l *long) add(piece []byte) {
	_, _ = l.sum.Write(piece) // never returns an error
	l.length += int64(len(piece))
}

// comeAgain starts to compare the line with what was delivered.
func (l *long) comeAgain(sum *maphash.Hash) { l.left, l.again = l.length, sum }

// pass compares a piece of the repeated line with what was delivered. passed means that all of that has come; then
// fresh is the new part of the piece. same is false if this is another line.
func (l *long) pass(piece []byte, whole bool) (fresh []byte, passed, same bool) {
	known := min(l.left, int64(len(piece)))
	_, _ = l.again.Write(piece[:known])
	l.left -= known
	switch {
	case l.left == 0 && l.again.Sum64() != l.sum.Sum64(), l.left > 0 && whole:
		return nil, false, false
	case l.left > 0:
		return nil, false, true
	}
	l.again = nil
	return piece[known:], true, true
}

func (m *Machine) pieceRead(e Event) {
	switch {
	case m.passing && e.Whole:
		m.passing, m.end = false, e.End
		m.next()
	case m.passing:
		m.ending.cut = e.End != GoesOn
		m.readOn(e.End)
	case m.long.again != nil:
		m.passLong(e.Text, e.Whole, e.End)
	default:
		m.deliverPiece(e.Text, e.Whole, e.End)
	}
}

// passLong skips the delivered part of a repeated long line. If it is another line, the first line ends where it was
// cut, with a gap.
func (m *Machine) passLong(piece []byte, whole bool, end End) {
	l := m.long
	switch fresh, passed, same := l.pass(piece, whole); {
	case !same:
		m.abandonLong(v1alpha1.ReasonLogsRotated)
		m.longEnded(l)
	case passed:
		m.deliverPiece(fresh, whole, end)
	default:
		m.ending.cut = end != GoesOn // it ended earlier than the last time
		m.readOn(end)
	}
}

func (m *Machine) deliverPiece(piece []byte, whole bool, end End) {
	l := m.long
	l.add(piece)
	m.pace.fresh += int64(len(piece))
	m.flow.print(l.at, int64(len(piece)))
	m.do(Action{Kind: ContinueLine, Text: piece, Whole: whole})
	if whole {
		m.end, m.long = end, nil
		m.longEnded(l)
		return
	}
	m.readOn(end)
}

// readOn reads the next piece, unless the response ended with this one.
func (m *Machine) readOn(end End) {
	if m.end = end; end == GoesOn {
		m.do(Action{Kind: ReadPiece})
		return
	}
	m.next()
}

// abandonLong ends a line that will not go on.
func (m *Machine) abandonLong(reason string) {
	if m.long == nil {
		return
	}
	m.long = nil
	m.do(Action{Kind: ContinueLine, Whole: true})
	m.gapSaid = true
	m.do(Action{Kind: Gap, Reason: reason})
}

// longEnded goes on after a long line. A very long line is judged first.
func (m *Machine) longEnded(l *long) {
	if l.length < LongLine {
		m.next()
		return
	}
	m.endedLong = l
	m.lookUp(afterLong)
}

// lookedUpAfterLong judges a very long line. If the connection is being left, that is done before the next connection,
// and nothing more is read from this one: a gap must be recorded before the next line.
func (m *Machine) lookedUpAfterLong(e Event) {
	if e.Interrupted && !m.concluding {
		m.do(Action{Kind: Disconnect})
		return
	}
	if m.longLost(e.At) {
		m.gap()
	}
	m.next()
}

// longLost reports whether a part of the very long line may be lost. There are no timestamps within it, so that is the
// case if the file was rotated since the line began. begins is the timestamp at which the file begins, or zero.
func (m *Machine) longLost(begins time.Time) bool {
	at := m.endedLong.at
	m.endedLong = nil
	return begins.IsZero() || begins.After(at)
}
