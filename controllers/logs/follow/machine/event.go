// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package machine

import "time"

// EventKind says which Action an Event answers.
type EventKind int

// The events.
const (
	// Waited answers Wait.
	Waited EventKind = iota
	// TurnTaken answers TakeTurn.
	TurnTaken
	// LookedUp answers LookUp: At is the time stamp with which the present file begins, zero when it is not known.
	LookedUp
	// Connected answers Connect: there is a response to read.
	Connected
	// Refused answers Connect: there is none.
	Refused
	// LineRead answers ReadLine.
	LineRead
	// PieceRead answers ReadPiece.
	PieceRead
	// Searched answers Search.
	Searched
	// Disconnected answers Disconnect.
	Disconnected
)

// End says how a response ended.
type End int

// The ends.
const (
	// GoesOn is no end.
	GoesOn End = iota
	// Closed by the server, as at the end of a log.
	Closed
	// Broken by an error.
	Broken
	// Again means that the log is wanted from Since once more.
	Again
)

// Event is what came of an Action. Each field says for which kinds it is set.
type Event struct {
	Kind EventKind
	// Now is the controller's time. All kinds have it.
	Now time.Time
	// FinishedAt is when the container ended, by the node's clock, zero while it runs or when it is not known. All kinds
	// have it.
	FinishedAt time.Time
	// Ended reports whether the container has ended (Waited).
	Ended bool
	// PodGone reports that there is no log because the pod does not exist any more (Refused).
	PodGone bool
	// At is the time stamp of the line, zero when it has none (LineRead), or of the first line of the file (LookedUp).
	At time.Time
	// Hash of the line's Text (LineRead).
	Hash uint64
	// Text of the line or of its first piece (LineRead), or the next piece (PieceRead). It is valid until the next
	// ReadLine or ReadPiece.
	Text []byte
	// Whole reports whether the line is read to its newline (LineRead, PieceRead).
	Whole bool
	// More reports whether the line is longer than Text (LineRead).
	More bool
	// New and Anew are those of dedup.Line (LineRead).
	New, Anew bool
	// End of the response, which may come with the last line (LineRead, PieceRead).
	End End
	// Found reports whether the line is in the file (Searched).
	Found bool
	// Interrupted reports that the question was not answered because the connection is being left (LookedUp).
	Interrupted bool
	// Left reports that we ended the response ourselves; Renewed, that we did so because it was silent (Disconnected).
	Left, Renewed bool
}
