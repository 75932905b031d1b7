// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package tail keeps the newest entries of a log within a budget.
package tail

import (
	"slices"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/logs/parse"
)

// maxUnread bounds the text of lines that are not parsed yet, in bytes.
const maxUnread = 64 << 10

// Line is a line of a log.
type Line struct {
	At time.Time
	// Text is the beginning of the line, without its newline; Append copies it.
	Text []byte
	// Cut is how many bytes of the line follow Text.
	Cut int64
	// Printed is the length of the whole line in bytes, with its newline if it has one.
	Printed int64
	// Container is set if the line is not from the task's own container.
	Container string
	// Index is the index of the pod that printed the line if its Job is Indexed, or nil.
	Index *int32
	// Order is the time by which the lines of several logs are merged. It never goes back within one log.
	Order time.Time
}

// Tail has the newest entries of a log, bounded, with a count of all lines. It is not safe for concurrent use.
//
// Lines are parsed when Entries is called, or when many are unread. If a program prints a thousand lines between two
// calls, most are dropped without being parsed.
type Tail struct {
	maxEntries int
	maxBytes   int64

	entries []v1alpha1.LogEntry
	sizes   []int64
	orders  []time.Time
	held    int64

	// unread is a ring of the newest lines: count lines from first on.
	unread       []Line
	first, count int
	unreadBytes  int

	lines, bytes int64
}

// New returns a Tail that keeps at most maxEntries entries, with at most maxBytes bytes of messages and data together.
// It always keeps the newest entry.
func New(maxEntries int, maxBytes int64) *Tail {
	return &Tail{maxEntries: max(1, maxEntries), maxBytes: maxBytes}
}

// Restore starts with the state of an earlier tail of the same log: the numbers of its lines and bytes, and its newest
// lines.
func (t *Tail) Restore(newest []Line, lines, bytes int64) {
	for i := range newest {
		t.Append(newest[i])
	}
	t.lines, t.bytes = lines, bytes
}

// Append adds the newest line.
func (t *Tail) Append(line Line) {
	t.lines++
	t.bytes += line.Printed
	if t.count == t.maxEntries { // the parsed entries and the first unread line are too old to be kept
		t.entries, t.sizes, t.orders, t.held = nil, nil, nil, 0
		t.unreadBytes -= len(t.unread[t.first].Text)
		t.first = (t.first + 1) % len(t.unread)
		t.count--
	}
	t.push(line)
	if t.unreadBytes > maxUnread {
		t.settle()
	}
}

// push puts a line into the ring. A slot keeps its memory for the next line.
func (t *Tail) push(line Line) {
	if t.count == len(t.unread) {
		grown := make([]Line, min(t.maxEntries, max(8, 2*len(t.unread))))
		for i := range t.count {
			grown[i] = t.unread[(t.first+i)%len(t.unread)]
		}
		t.unread, t.first = grown, 0
	}
	slot := &t.unread[(t.first+t.count)%len(t.unread)]
	memory := slot.Text[:0]
	*slot = line
	slot.Text = append(memory, line.Text...) //nolint:gocritic // the slot's own memory, so that lines cost no allocation
	t.count++
	t.unreadBytes += len(line.Text)
}

// settle parses the waiting lines, and drops the oldest entries that are over the budget.
func (t *Tail) settle() {
	for ; t.count > 0; t.count-- {
		line := &t.unread[t.first]
		t.first = (t.first + 1) % len(t.unread)
		entry := parse.Line(line.At, line.Text, line.Cut)
		entry.Container, entry.Index = line.Container, line.Index
		size := weight(&entry)
		at := len(t.orders)
		for at > 0 && line.Order.Before(t.orders[at-1]) {
			at--
		}
		t.entries = slices.Insert(t.entries, at, entry)
		t.sizes = slices.Insert(t.sizes, at, size)
		t.orders = slices.Insert(t.orders, at, line.Order)
		t.held += size
		if cap(line.Text) > maxUnread/8 {
			line.Text = nil // one long line must not hold its memory for the life of the run
		}
	}
	t.unreadBytes = 0
	drop := 0
	for len(t.entries)-drop > t.maxEntries || (t.held > t.maxBytes && len(t.entries)-drop > 1) {
		t.held -= t.sizes[drop]
		t.entries[drop] = v1alpha1.LogEntry{} // frees the text, which the array would keep
		drop++
	}
	t.entries, t.sizes, t.orders = t.entries[drop:], t.sizes[drop:], t.orders[drop:]
}

// Entries returns a copy of the kept entries, oldest first.
func (t *Tail) Entries() []v1alpha1.LogEntry {
	t.settle()
	return slices.Clone(t.entries)
}

// Shrink halves the number of bytes that are kept, down to 1 KiB, for which a status always has room.
func (t *Tail) Shrink() { t.maxBytes = max(1<<10, t.maxBytes/2) }

// Held returns about how many bytes are kept.
func (t *Tail) Held() int64 { return t.held + min(int64(t.unreadBytes), t.maxBytes) }

// Lines returns how many lines were appended.
func (t *Tail) Lines() int64 { return t.lines }

// Bytes returns how many bytes were printed in all.
func (t *Tail) Bytes() int64 { return t.bytes }

// Dropped returns how many lines are not in the result of the last call of Entries.
func (t *Tail) Dropped() int64 { return t.lines - int64(len(t.entries)) - int64(t.count) }

func weight(e *v1alpha1.LogEntry) int64 {
	n := int64(len(e.Message))
	if e.Data != nil {
		n += int64(len(e.Data.Raw))
	}
	return n
}
