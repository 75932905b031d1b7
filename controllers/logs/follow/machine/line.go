// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func (m *Machine) lineRead(e Event) {
	m.end = e.End
	usable := e.Whole || e.More
	begun := len(e.Text) > 0 || !e.At.IsZero()
	if !usable && begun && m.final && e.End == Closed {
		usable = m.unfinishedRead(&e)
	}
	switch {
	case !usable:
		m.next()
	case e.At.IsZero():
		// This is the rest of a line whose beginning was read before, or a message of the kubelet that there is no log.
		// Neither is a line of the program.
		m.ending.unstamped = true
		m.next()
	default:
		m.ending.stamped = true
		m.take(e)
	}
}

// unfinishedRead reports whether a line without a newline, with which a plain read ended, is the last one of the log.
func (m *Machine) unfinishedRead(e *Event) bool {
	if m.window.IsCut(e.At, e.Text, e.Hash) {
		m.ending.cut = true
		return false
	}
	if !m.ending.isLast(e.At, e.Hash) {
		return false
	}
	if !e.At.IsZero() {
		e.New = m.window.Accept(e.At, e.Hash)
	}
	return true
}

// take judges a line of the program.
func (m *Machine) take(e Event) {
	if e.FileSkipped && !m.gapSaid {
		m.gap()
	}
	switch {
	case m.long.is(e):
		m.long.comeAgain(m.window.NewHash())
		m.passLong(e.Text, false, GoesOn)
		return
	case !e.New && e.More:
		m.passing = true
		m.do(Action{Kind: ReadPiece})
		return
	case !e.New:
		m.next()
		return
	}
	m.judgeResume(e.At)
	m.abandonLong(v1alpha1.ReasonLogsRotated)
	before := m.pace.last
	m.flow.print(e.At, int64(len(e.Text))+lineOverhead)
	m.line = e
	if m.pace.line(e.At, e.Now, int64(len(e.Text))+1) {
		m.do(Action{Kind: Search, At: before, Hash: m.lastHash})
		return
	}
	m.deliver(e.Now)
}

// deliver delivers a line. It judges the beginning of the log and of the file if enough is known.
func (m *Machine) deliver(now time.Time) {
	m.lastHash = m.line.Hash
	m.resume.begun = true
	m.mayHang = m.pace.shouldRenew()
	m.do(Action{Kind: BeginLine, At: m.line.At, Text: m.line.Text, Whole: m.line.Whole})
	if !m.head.judged && m.flow.headKnown() {
		m.judgeHead()
	}
	if m.flow.shouldLook(now, m.log.FileSize) {
		m.lookUp(afterLine)
		return
	}
	m.delivered()
}

// delivered goes on after a line, or after the first piece of a long line.
func (m *Machine) delivered() {
	switch e := &m.line; {
	case e.More:
		m.long = newLong(e.At, e.Text, e.Hash, m.window.NewHash())
		m.do(Action{Kind: ReadPiece})
		return
	case !e.Whole:
		m.do(Action{Kind: CutLine})
	}
	m.next()
}

// next reads the next line. At the end of the response or of the log it returns what follows.
func (m *Machine) next() {
	switch {
	case m.concluding:
		m.do(Action{Kind: Finish})
	case m.end == GoesOn:
		m.do(Action{Kind: ReadLine})
	default:
		m.do(Action{Kind: Disconnect})
	}
}

// judgeResume judges the time between two connections. next is the timestamp of the next line, or zero at the end.
func (m *Machine) judgeResume(next time.Time) {
	if m.resume.lost(m.window.Replayed(), m.ended, next) {
		m.gap()
	}
}

func (m *Machine) judgeHead() {
	m.head.judged = true
	empty := !m.log.ReadBefore && m.flow.emptyStart(m.log.StartedAt, m.ended.finished, m.head.firstConnected, m.log.FileSize)
	if empty || m.flow.lateStart(m.log.StartedAt, m.head.firstConnected, m.log.FileSize) {
		m.do(Action{Kind: GapAtStart, Reason: v1alpha1.ReasonLogsRotated})
	}
}
