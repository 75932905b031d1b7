package machine

import "time"

// RestoreLine takes a line that an earlier controller has read, in order, before Begin. head is its first piece; more
// reports whether RestorePiece follows.
func (m *Machine) RestoreLine(at time.Time, head []byte, more bool) {
	hash := m.cursor.Hash(head)
	m.cursor.Accept(at, hash)
	m.resume.restored()
	m.head.judged = true
	if more {
		m.long = newLong(at, head, hash, m.cursor.NewHash())
	}
}

// RestorePiece takes the next piece of a long line. When the last one is not whole, the line is read on from there.
func (m *Machine) RestorePiece(piece []byte, whole bool) {
	m.long.add(piece)
	if whole {
		m.long = nil
	}
}
