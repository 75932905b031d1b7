// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package logs

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/apiserver/wire"
	"github.com/taskexec/taskexec/controllers/logs/lines"
	"github.com/taskexec/taskexec/controllers/logs/replay"
)

// Limits of what is read for one page, so that a filter without matches neither times out nor blocks others.
const (
	maxScan     = 64 << 20 // bytes
	maxScanTime = 2 * time.Second
)

// LogEntry is an entry of a log.
type LogEntry struct {
	wire.Entry
	// Container is the container that printed the line.
	Container string `json:"container,omitempty"`
	// Attempt is the attempt that printed the line, from 1. For an Indexed Job, each index has its own count.
	Attempt int `json:"attempt,omitempty"`
}

// LogPage is a page of a log.
type LogPage struct {
	// ExecutionID is the id of the run.
	ExecutionID string `json:"executionId"`
	// Entries are the entries, oldest first.
	Entries []LogEntry `json:"entries"`
	// NextCursor is the cursor of the next page. It is also present on the last page, because the log may grow.
	NextCursor string `json:"nextCursor,omitempty"`
	// PreviousCursor is the value of before for the page before. It is only in pages that were asked for with before, and
	// absent at the beginning of the log.
	PreviousCursor string `json:"previousCursor,omitempty"`
	// End is true if nothing will follow.
	End bool `json:"end"`
	// Sources is where the entries were read: archive, pod or tail.
	Sources []string `json:"sources" jsonschema:"enum=archive,enum=pod,enum=tail"`
	// Gap is true if lines may be missing at the beginning of this page, because the log was rotated since the page
	// before.
	Gap bool `json:"gap,omitempty"`
	// Redacted is true if the values of sensitive params were removed.
	Redacted bool `json:"redacted,omitempty"`
	Completeness
}

// Completeness says whether a log is complete.
type Completeness struct {
	// Complete is true if no line is missing, absent while that is not known.
	Complete *bool `json:"complete,omitempty"`
	// Reason says why the log is not complete, in one word.
	Reason string `json:"reason,omitempty"`
	// Message explains the reason in a sentence.
	Message string `json:"message,omitempty"`
}

// LogEnd is the data of the last event of a followed log.
type LogEnd struct {
	// Status is the status of the run.
	Status string `json:"status" jsonschema:"enum=running,enum=completed,enum=failed,enum=cancelled"`
	Completeness
}

// LogGap is the data of the event that says that lines may be missing.
type LogGap struct{}

// page answers with a page of entries.
func (l *servedLog) page(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), l.Timeout)
	defer cancel()
	var page LogPage
	if err := l.orWithoutArchive(ctx, func() (err error) { page, err = l.pageNow(ctx); return err }); err != nil {
		return err
	}
	page.Completeness, page.Redacted = l.completeness(), l.redacted
	return web.Reply(w, page)
}

// pageNow returns a page of the log as it is now.
func (l *servedLog) pageNow(ctx context.Context) (LogPage, error) {
	page := LogPage{ExecutionID: l.id, Entries: []LogEntry{}, NextCursor: l.query.from.String()}
	if l.onlyTail() || l.tailSoFar() {
		return l.tailPage(), nil
	}
	if l.query.backwards {
		return l.backwards(ctx)
	}
	log := l.log()
	if err := l.fill(ctx, log, &page); err != nil {
		return page, err
	}
	page.Gap, page.Sources = log.Gap, log.Sources()
	return page, nil
}

// fill reads the entries of a page.
func (l *servedLog) fill(ctx context.Context, log *replay.Log, page *LogPage) error {
	limit := l.query.limit
	if l.query.tail > 0 {
		limit = l.query.tail
	}
	scanned, begun, lines := 0, time.Now(), int64(0)
	err := l.read(ctx, log, func(line replay.Line) error {
		if len(page.Entries) == limit {
			return errEnough // there is more
		}
		entry, size, err := wireLine(line)
		if err != nil {
			return err
		}
		lines++
		if l.query.atLeast(entry.Level) {
			page.Entries = append(page.Entries, entry)
		}
		if scanned += size; scanned > maxScan || time.Since(begun) > maxScanTime {
			return replay.ErrStop
		}
		return nil
	})
	page.NextCursor = log.Position.String()
	page.End = l.final && err == nil
	l.countLines(lines, page)
	if errors.Is(err, errEnough) || errors.Is(err, replay.ErrStop) {
		return nil
	}
	return err
}

// wireLine parses a line and returns its size in bytes. Its error is that of textOf.
func wireLine(line replay.Line) (entry LogEntry, size int, err error) {
	shown, size, err := textOf(line)
	if err != nil {
		return LogEntry{}, 0, err
	}
	raw := rawEntry{line.At, line.Segment, shown}
	return raw.entry(), size, nil
}

// textOf copies what is shown of a line, because the rest is read into the same memory, and returns its size in bytes. Its
// error is replay.ErrGrowing if the line is not complete yet, and replay.ErrBroken if the rest could not be read.
func textOf(line replay.Line) (shown lines.Last, size int, err error) {
	shown.Add(line.Head)
	size = len(line.Head)
	for whole := false; !whole; {
		var piece []byte
		piece, whole, err = line.Rest()
		shown.Add(piece)
		size += len(piece)
		if err != nil && !whole {
			if err := line.Unfinished(err); err != nil {
				return lines.Last{}, 0, err
			}
			break // the end of the log
		}
	}
	return shown, size, nil
}
