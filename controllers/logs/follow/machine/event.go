// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package machine

import "time"

// EventKind says which Action an Event answers.
type EventKind int

// These are the events.
const (
	// Waited answers Wait.
	Waited EventKind = iota
	// TurnTaken answers TakeTurn.
	TurnTaken
	// LookedUp answers LookUp. At is the timestamp at which the current file begins, or zero if it is unknown.
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

// End is how a response ended.
type End int

// These are the ends.
const (
	// GoesOn means that the response has not ended.
	GoesOn End = iota
	// Closed means that the server closed it, as at the end of a log.
	Closed
	// Broken means that it ended with an error.
	Broken
	// Again means that the log must be read again from Since.
	Again
)

// Event is the result of an Action. Each field says for which kinds it is set.
type Event struct {
	Kind EventKind
	// Now is the controller's time. All kinds have it.
	Now time.Time
	// FinishedAt is when the container ended, by the node's clock, or zero if it runs or if the time is unknown. All
	// kinds have it.
	FinishedAt time.Time
	// Ended reports whether the container has ended (Waited).
	Ended bool
	// PodGone reports that there is no log because the pod no longer exists (Refused).
	PodGone bool
	// At is the timestamp of the line, or zero if it has none (LineRead), or that of the first line of the file
	// (LookedUp).
	At time.Time
	// Hash is the hash of the line's Text (LineRead).
	Hash uint64
	// Text is the line or its first piece (LineRead), or the next piece (PieceRead). It is valid until the next
	// ReadLine or ReadPiece.
	Text []byte
	// Whole reports whether the line is read to its newline (LineRead, PieceRead).
	Whole bool
	// More reports whether the line is longer than Text (LineRead).
	More bool
	// New and FileSkipped are those of dedup.Line (LineRead).
	New, FileSkipped bool
	// End is the end of the response, which may come with the last line (LineRead, PieceRead).
	End End
	// Found reports whether the line is in the file (Searched).
	Found bool
	// Interrupted reports that there is no answer because the connection is being left (LookedUp).
	Interrupted bool
	// Left reports that we ended the response ourselves; Renewed, that we did so because it was silent (Disconnected).
	Left, Renewed bool
}
