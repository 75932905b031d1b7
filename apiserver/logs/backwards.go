// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package logs

import (
	"context"
	"time"

	"github.com/taskexec/taskexec/apiserver/wire"
	"github.com/taskexec/taskexec/controllers/logs/lines"
	"github.com/taskexec/taskexec/controllers/logs/parse"
	"github.com/taskexec/taskexec/controllers/logs/replay"
)

// fromEnd is the value of ?before= for the newest page.
const fromEnd = "end"

// rawEntry is a line that is parsed only if it is shown.
type rawEntry struct {
	at    time.Time
	of    *replay.Segment
	shown lines.Last
}

// backwards returns the page before a position.
func (l *servedLog) backwards(ctx context.Context) (LogPage, error) {
	page := LogPage{ExecutionID: l.id, Entries: []LogEntry{}}
	log := l.log()
	found, err := replay.Before(ctx, log, l.query.from, l.query.limit, maxScanTime, func(line replay.Line) (rawEntry, bool, error) {
		shown, _, err := textOf(line)
		if err != nil {
			return rawEntry{}, false, err
		}
		raw := rawEntry{line.At, line.Segment, shown}
		return raw, l.query.level == "" || l.query.atLeast(raw.entry().Level), nil
	})
	if err != nil {
		return page, err
	}
	for _, raw := range found.Lines {
		page.Entries = append(page.Entries, raw.entry())
	}
	page.End = l.final && l.query.from == (replay.Position{})
	page.NextCursor, page.PreviousCursor = found.End.String(), found.Start.String()
	page.Gap, page.Sources = log.Gap, log.Sources()
	return page, nil
}

// entry parses the line.
func (r *rawEntry) entry() LogEntry {
	parsed := parse.Line(r.at, r.shown.Text, r.shown.Cut)
	parsed.Index = r.of.Index
	return LogEntry{Entry: wire.EntryOf(&parsed), Container: r.of.ID.Container, Attempt: r.of.Attempt}
}
