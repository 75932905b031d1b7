// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/logs/dedup"
)

// lineOverhead is about what the runtime adds to a line in its file, in bytes: a timestamp, a stream, a tag.
const lineOverhead = 40

// Log describes the log to read.
type Log struct {
	// StartedAt is when the container started, by the node's clock, or zero if unknown.
	StartedAt time.Time
	// FileSize is the size in bytes from which on the kubelet may rotate the log.
	FileSize int64
	// ReadBefore means that an earlier controller has read the log from its beginning, whatever it archived.
	ReadBefore bool
}

// Machine reads one log. The zero value is ready for Restore or Begin. It is not safe for concurrent use.
type Machine struct {
	log    Log
	window dedup.Window

	pace   pace
	flow   flow
	head   head
	resume resumption
	ending ending
	ended  containerEnd
	long   *long // nil if no long line is being read
	// passing means that the rest of a long line is skipped, because it was read before.
	passing bool

	// final means that the current connection does not follow the log, because the container has ended.
	final bool
	// end is the end of the current response.
	end End
	// line is being delivered.
	line Event
	// lookingUp is the purpose of the current look-up.
	lookingUp purpose
	// endedLong is the very long line that has ended and is not judged yet. concluding means that the log is read to its
	// end.
	endedLong  *long
	concluding bool
	// gapSaid means that a gap was recorded since the current connection was made. For mayHang see MayHang.
	gapSaid, mayHang bool
	// lastHash is the hash of the last new line.
	lastHash uint64

	actions []Action
}

// purpose is why the beginning of the file is looked up.
type purpose int

const (
	beforeConnect purpose = iota
	afterLine
	afterLong
)

// Window returns the memory of the lines that were read lately. The reader of a response compares its lines with it.
func (m *Machine) Window() *dedup.Window { return &m.window }

// MayHang reports whether to leave the current connection when it is silent. It had a lot to catch up with, so that the
// kubelet may wait at the end of an old file.
func (m *Machine) MayHang() bool { return m.mayHang }

// Begin returns the first Actions. ended reports whether the container has ended.
func (m *Machine) Begin(log Log, ended bool) []Action {
	m.log = log
	return m.Step(Event{Kind: Waited, Ended: ended})
}

// Step returns what to do after an Event. The result is valid until the next Step.
func (m *Machine) Step(e Event) []Action {
	m.actions = m.actions[:0]
	m.ended.know(e.FinishedAt, e.Now)
	switch e.Kind {
	case Waited:
		m.final = e.Ended
		m.do(Action{Kind: TakeTurn, Urgent: m.final})
	case TurnTaken:
		m.turnTaken(e)
	case LookedUp:
		m.lookedUp(e)
	case Connected:
		m.head.connected(m.pace.opened)
		m.resume.connected(e.Now, m.log.FileSize)
		m.ending.connected()
		m.end, m.passing = GoesOn, false
		m.do(Action{Kind: ReadLine})
	case Refused:
		m.refused(e)
	case LineRead:
		m.lineRead(e)
	case Searched:
		if !e.Found {
			m.gap()
		}
		m.deliver(e.Now)
	case PieceRead:
		m.pieceRead(e)
	case Disconnected:
		m.disconnected(e)
	}
	return m.actions
}

func (m *Machine) do(a Action) { m.actions = append(m.actions, a) }

// gap records that lines may be missing because a file was rotated.
func (m *Machine) gap() {
	m.gapSaid = true
	m.do(Action{Kind: Gap, Reason: v1alpha1.ReasonLogsRotated})
}

func (m *Machine) lookUp(p purpose) {
	m.lookingUp = p
	m.do(Action{Kind: LookUp})
}

func (m *Machine) lookedUp(e Event) {
	if m.lookingUp == afterLong {
		m.lookedUpAfterLong(e)
		return
	}
	lost := m.endedLong != nil && m.longLost(e.At)
	if e.At.IsZero() {
		m.flow.looked = e.Now
	} else if m.flow.rotated(e.At, e.Now) {
		lost = true
	}
	if lost {
		m.gap()
	}
	if m.lookingUp == beforeConnect {
		m.connect(e.Now)
		return
	}
	m.delivered()
}
