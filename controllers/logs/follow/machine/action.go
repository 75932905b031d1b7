// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package machine

import "time"

// ActionKind is the kind of an Action.
type ActionKind int

// These actions have no answer. They deliver lines and gaps.
const (
	// BeginLine delivers a line or, if Whole is false, its first piece.
	BeginLine ActionKind = iota
	// ContinueLine delivers the next piece of the last line.
	ContinueLine
	// CutLine means that the last line ends without a newline, and the log with it.
	CutLine
	// Gap means that lines may be missing here, for Reason.
	Gap
	// GapAtStart means that lines may be missing before the first one, for Reason.
	GapAtStart
)

// These actions have an answer.
const (
	// Wait waits before the next connection, as Pause and UntilEnd say.
	Wait ActionKind = iota + 100
	// TakeTurn waits for the turn to read.
	TakeTurn
	// LookUp returns the timestamp at which the current file begins.
	LookUp
	// Connect requests the log from Since on.
	Connect
	// ReadLine reads the next line of the response.
	ReadLine
	// ReadPiece reads the next piece of a long line.
	ReadPiece
	// Search looks for the line of At and Hash in the current file.
	Search
	// Disconnect closes the response and returns the turn.
	Disconnect
	// Finish ends the reading. It has no answer.
	Finish
)

// Action is what the caller must do. Each field says for which kinds it is set.
type Action struct {
	Kind ActionKind
	// At is the timestamp of a line (BeginLine, Search).
	At time.Time
	// Hash is the hash of the line (Search).
	Hash uint64
	// Text is the text to deliver (BeginLine, ContinueLine).
	Text []byte
	// Whole reports whether the line ends with Text and a newline (BeginLine, ContinueLine).
	Whole bool
	// Reason is a reason of the condition LogsCaptured. With Finish it says why the rest is missing, or is empty.
	Reason string
	// Urgent means that the log may vanish (TakeTurn).
	Urgent bool
	// Since is in whole seconds, or zero for the beginning (Connect).
	Since time.Time
	// Follow means that the response goes on with new lines. Otherwise it ends with the existing ones (Connect).
	Follow bool
	// Pause waits before the next attempt, longer each time. FirstPause starts with the shortest pause again. UntilEnd
	// ends the pause when the container ends (Wait).
	Pause, FirstPause, UntilEnd bool
}
