// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package replay

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/taskexec/taskexec/controllers/logs/dedup"
	"github.com/taskexec/taskexec/controllers/logs/lines"
)

const (
	// maxCut is how many answers in a row may end before what an earlier answer had.
	maxCut = 8
	// cutPause is the pause after the second of them, and grows with each.
	cutPause = 50 * time.Millisecond
)

// ErrCut means that no answer reaches the end of an ended container's log.
var ErrCut = errors.New("the node's answers break off before the end of the log; try again")

// ending judges whether the log of an ended container is read to its end. The API server also ends an answer normally
// if its connection to the kubelet breaks, so one answer proves nothing. The log is read to its end if another answer
// brings the last line again and nothing after it. The follower has the same rule (machine.ending).
type ending struct {
	// last is the line without a newline with which the last answer ended, nil if there was none, and before is that of
	// the answer before. confirmed says that both are the same line, which is the last one then.
	last, before *unfinished
	confirmed    bool
	// fresh says that the last answer had a new line, stamped that it had any, and cut that it ended within a line that
	// was read before or within a timestamp.
	fresh, stamped, cut bool
	// quiet counts the answers in a row without a new line.
	quiet int
}

// unfinished is a line without a newline.
type unfinished struct {
	at   time.Time
	head []byte
}

// verdict says how to go on after an answer.
type verdict int

const (
	askAgain verdict = iota
	theEnd
	breaksOff
)

func (e *ending) begin() {
	e.before, e.last = e.last, nil
	e.fresh, e.stamped, e.cut = false, false, false
}

// isNew reports whether a line of an answer is to be visited. A line without a newline is the last one of the log if the
// next answer ends with it too; one that was cut with its answer does not come again unchanged. A text without a
// timestamp is no line: it is the beginning of one, or a message of the kubelet.
func (e *ending) isNew(line dedup.Line, window *dedup.Window) bool {
	switch {
	case line.At.IsZero():
		e.cut = !line.Whole && window.IsCut(line.At, line.Head, line.Hash)
		return false
	case line.Whole || line.More:
		e.stamped, e.fresh = true, e.fresh || line.New
		return line.New
	case window.Knows(line.At, line.Hash): // it is the last one of the archive
		e.stamped = true
		return window.Accept(line.At, line.Hash)
	case window.IsCut(line.At, line.Head, line.Hash):
		e.stamped, e.cut = true, true
		return false
	}
	e.stamped = true
	e.last = &unfinished{line.At, slices.Clone(line.Head)}
	e.confirmed = e.before != nil && e.before.at.Equal(line.At) && bytes.Equal(e.before.head, line.Head)
	return e.confirmed
}

// judge judges an answer. begun reports whether any line was read, and replayed whether the last one has come again.
func (e *ending) judge(begun, replayed bool) verdict {
	if e.quiet++; e.fresh {
		e.quiet = 0
	}
	settled := e.last == nil && e.before == nil && !e.fresh && !e.cut
	switch {
	case e.confirmed,
		settled && begun && replayed,
		settled && !begun && e.quiet > 1,              // a log without a line
		settled && begun && !e.stamped && e.quiet > 2: // what was read is no longer there
		return theEnd
	case e.quiet > maxCut:
		return breaksOff
	default:
		return askAgain
	}
}

// confirmed reads a log like a dedup.Reader. A line that is read in pieces and has no newline ends with io.EOF only if
// another answer ends there too, otherwise with ErrCut.
type confirmed struct {
	*dedup.Reader
	window *dedup.Window
	open   dedup.Open
	// at and hash are those of the last line, and length is how many of its bytes were read.
	at     time.Time
	hash   uint64
	length int64
}

func (c *confirmed) Next() (dedup.Line, error) {
	line, err := c.Reader.Next()
	c.at, c.hash, c.length = line.At, line.Hash, int64(len(line.Head))
	return line, err
}

func (c *confirmed) Rest() (piece []byte, whole bool, err error) {
	piece, whole, err = c.Reader.Rest()
	if c.length += int64(len(piece)); !whole && errors.Is(err, io.EOF) {
		err = c.endsHere()
	}
	return piece, whole, err
}

// endsHere returns io.EOF if the log ends within the last line, where it was read to.
func (c *confirmed) endsHere() error {
	log, err := c.open(dedup.ResumeFrom(c.at))
	if err != nil {
		return fmt.Errorf("reading the end of the log again: %w", err)
	}
	defer func() { _ = log.Close() }() // nothing was written
	reader := lines.NewReader(log)
	defer reader.Release()
	for {
		line, err := reader.Next()
		if err != nil {
			return ErrCut
		}
		if !line.More || !line.At.Equal(c.at) || c.window.Hash(line.Head) != c.hash {
			continue
		}
		length, whole := int64(len(line.Head)), false
		for err == nil && !whole {
			var piece []byte
			piece, whole, err = reader.Rest()
			length += int64(len(piece))
		}
		if whole || length != c.length {
			return ErrCut
		}
		return err
	}
}
