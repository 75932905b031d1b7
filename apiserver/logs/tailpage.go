// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package logs

import (
	"github.com/taskexec/taskexec/apiserver/wire"
	"github.com/taskexec/taskexec/controllers/logs/replay"
)

// tailEntry is an entry of the tail in the status, with the position after it. Such a position has no stream. It counts
// the entries of the same time, because a tail has no other order.
type tailEntry struct {
	LogEntry
	after replay.Position
}

// tail returns the entries of the tail in the status that the query selects.
func (l *servedLog) tail() []tailEntry {
	entries, last := []tailEntry{}, replay.Position{}
	for i := range l.execution.Status.Logs {
		e := &l.execution.Status.Logs[i]
		at := replay.Position{Since: max(0, e.Timestamp.Unix()), At: e.Timestamp.UnixNano(), Seen: 1}
		if at.At == last.At {
			at.Seen = last.Seen + 1
		}
		if last = at; l.query.reaches(at) && !e.Timestamp.Time.Before(l.query.since) && l.query.atLeast(string(e.Level)) {
			entries = append(entries, tailEntry{LogEntry{Entry: wire.EntryOf(e), Container: e.Container}, at})
		}
	}
	if l.query.tail > 0 && len(entries) > l.query.tail {
		entries = entries[len(entries)-l.query.tail:]
	}
	return entries
}

// isOfTail reports whether a position is one in the tail of a status.
func isOfTail(p replay.Position) bool { return p.Stream == 0 && p != (replay.Position{}) }

// reaches reports whether an entry of the tail, with the position after it, is on the side of the query's position that is
// read. A position in a whole log is compared by its time only.
func (q *logQuery) reaches(entry replay.Position) bool {
	if q.from == (replay.Position{}) {
		return true
	}
	after := entry.At > q.from.At
	if isOfTail(q.from) && entry.At == q.from.At {
		after = entry.Seen > q.from.Seen
	}
	return after != q.backwards
}

// tailPage returns a page of the tail, if nothing else is left of the log. It has at most as many entries as the query
// asks for, and a cursor to the others.
func (l *servedLog) tailPage() LogPage {
	page := LogPage{ExecutionID: l.id, Entries: []LogEntry{}, NextCursor: l.query.from.String(), End: l.final, Sources: []string{"tail"}}
	shown := l.tail()
	if n := len(shown); n > 0 && l.final && l.query.backwards && l.query.from == (replay.Position{}) {
		page.NextCursor = shown[n-1].after.String() // nothing follows the newest entry
	}
	switch cut := len(shown) - l.query.limit; {
	case cut <= 0 || l.query.limit == 0:
	case l.query.backwards:
		page.PreviousCursor, shown = shown[cut-1].after.String(), shown[cut:]
	default:
		shown = shown[:l.query.limit]
		page.NextCursor, page.End = shown[len(shown)-1].after.String(), false
	}
	for i := range shown {
		page.Entries = append(page.Entries, shown[i].LogEntry)
	}
	return page
}

// mirrored returns the entries of the tail in the status.
func (l *servedLog) mirrored() []LogEntry {
	entries := []LogEntry{}
	for _, e := range l.tail() {
		entries = append(entries, e.LogEntry)
	}
	return entries
}
