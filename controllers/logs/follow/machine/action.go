// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package machine

import "time"

// ActionKind says what is to be done.
type ActionKind int

// Actions without an answer: what is handed on.
const (
	// BeginLine hands on a line, or with Whole false its first piece.
	BeginLine ActionKind = iota
	// ContinueLine hands on the next piece of the line that began last.
	ContinueLine
	// CutLine says that the line that began last ends without a newline, and the log with it.
	CutLine
	// Gap says that lines may be missing here, for Reason.
	Gap
	// GapAtStart says that lines may be missing before the first one, for Reason.
	GapAtStart
)

// Actions with an answer: what is asked.
const (
	// Wait before the next connection, as Pause and UntilEnd say.
	Wait ActionKind = iota + 100
	// TakeTurn waits for the right to read.
	TakeTurn
	// LookUp asks for the time stamp with which the present file begins.
	LookUp
	// Connect asks for the log from Since on.
	Connect
	// ReadLine reads the next line of the response.
	ReadLine
	// ReadPiece reads the next piece of a long line.
	ReadPiece
	// Search asks whether the present file has the line of At and Hash.
	Search
	// Disconnect closes the response and gives back the turn.
	Disconnect
	// Finish ends the reading. It has no answer.
	Finish
)

// Action is what is to be done. Each field says for which kinds it is set.
type Action struct {
	Kind ActionKind
	// At is the time stamp of a line (BeginLine, Search).
	At time.Time
	// Hash of the line (Search).
	Hash uint64
	// Text to hand on (BeginLine, ContinueLine).
	Text []byte
	// Whole reports whether the line ends with Text and a newline (BeginLine, ContinueLine).
	Whole bool
	// Reason of the condition LogsCaptured. With Finish it says why the rest is missing, empty when nothing is.
	Reason string
	// Urgent: the log may vanish (TakeTurn).
	Urgent bool
	// Since, in whole seconds, zero for the beginning (Connect).
	Since time.Time
	// Follow what may still come. Otherwise the response ends with what there is (Connect).
	Follow bool
	// Pause before the next try, longer each time; FirstPause starts with the shortest again; UntilEnd ends the pause
	// when the container ends (Wait).
	Pause, FirstPause, UntilEnd bool
}
