package logs

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/apiserver/wire"
	"github.com/taskexec/taskexec/controllers/logs/lines"
	"github.com/taskexec/taskexec/controllers/logs/parse"
	"github.com/taskexec/taskexec/controllers/logs/replay"
)

// What one page reads at most, so that a filter that nothing passes neither times out nor keeps anybody waiting.
const (
	maxScan     = 64 << 20 // bytes
	maxScanTime = 2 * time.Second
)

// LogEntry is an entry of GET /tasks/executions/{executionId}/logs.
type LogEntry struct {
	wire.Entry
	// Container that printed it.
	Container string `json:"container,omitempty"`
	// Attempt that it is of, counted from 1; of an Indexed Job for each index.
	Attempt int `json:"attempt,omitempty"`
}

// LogPage is a page of a log.
type LogPage struct {
	// ExecutionID whose log it is.
	ExecutionID string `json:"executionId"`
	// Entries in their order.
	Entries []LogEntry `json:"entries"`
	// NextCursor is where the next page begins, also when this is the last one for now.
	NextCursor string `json:"nextCursor,omitempty"`
	// End: nothing follows, ever.
	End bool `json:"end"`
	// Sources that the entries are from: archive, pod, tail.
	Sources []string `json:"sources" jsonschema:"enum=archive,enum=pod,enum=tail"`
	// Gap: the log was rotated between two pages, and lines may be missing at the beginning of this one.
	Gap bool `json:"gap,omitempty"`
	// Redacted: the values of sensitive params were taken out.
	Redacted bool `json:"redacted,omitempty"`
	Completeness
}

// Completeness says whether a log is whole.
type Completeness struct {
	// Complete is absent while it is not known.
	Complete *bool `json:"complete,omitempty"`
	// Reason why it is not complete, in one word.
	Reason string `json:"reason,omitempty"`
	// Message says the reason in words.
	Message string `json:"message,omitempty"`
}

// LogEnd is the data of the last event of a log that is followed.
type LogEnd struct {
	// Status of the run.
	Status string `json:"status" jsonschema:"enum=running,enum=completed,enum=failed,enum=cancelled"`
	Completeness
}

// LogGap is the data of an event that says that lines may be missing.
type LogGap struct{}

// page answers with entries.
func (l *servedLog) page(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), l.Timeout)
	defer cancel()
	page, err := l.pageNow(ctx)
	if l.withoutArchive(ctx, err) {
		l.reading = nil // the page begins anew
		if err = l.look(ctx); err == nil {
			page, err = l.pageNow(ctx)
		}
	}
	if err != nil {
		return logProblem(err)
	}
	page.Completeness, page.Redacted = l.completeness(), l.redacted
	return web.Reply(w, page)
}

// pageNow makes the page of where the log is now.
func (l *servedLog) pageNow(ctx context.Context) (LogPage, error) {
	page := LogPage{ExecutionID: l.id, Entries: []LogEntry{}, NextCursor: l.query.from.String()}
	if l.onlyTail() || l.tailSoFar() {
		page.Entries, page.End = l.mirrored(), l.final
		page.Sources = []string{"tail"}
		return page, nil
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

// wireLine parses a line, and tells how many bytes it has. The error is replay.ErrGrowing when its end has not come.
func wireLine(line replay.Line) (entry LogEntry, size int, err error) {
	var shown lines.Last // it copies: the rest is read into the same memory
	shown.Add(line.Head)
	size = len(line.Head)
	for whole := false; !whole; {
		var piece []byte
		piece, whole, err = line.Rest()
		shown.Add(piece)
		size += len(piece)
		if err != nil && !whole && !line.Growing && errors.Is(err, io.EOF) {
			break // the end of the log
		}
		if err != nil && !whole {
			return LogEntry{}, 0, replay.ErrGrowing
		}
	}
	parsed := parse.Line(line.At, shown.Text, shown.Cut)
	parsed.Index = line.Segment.Index
	entry = LogEntry{Entry: wire.EntryOf(&parsed), Container: line.Segment.ID.Container, Attempt: line.Segment.Attempt}
	return entry, size, nil
}

// mirrored gives the entries of the tail in status.
func (l *servedLog) mirrored() []LogEntry {
	entries := []LogEntry{}
	for i := range l.execution.Status.Logs {
		e := &l.execution.Status.Logs[i]
		after := e.Timestamp.UnixNano() > l.query.from.At || l.query.from == (replay.Position{})
		if after && !e.Timestamp.Time.Before(l.query.since) && l.query.atLeast(string(e.Level)) {
			entries = append(entries, LogEntry{Entry: wire.EntryOf(e), Container: e.Container})
		}
	}
	if l.query.tail > 0 && len(entries) > l.query.tail {
		entries = entries[len(entries)-l.query.tail:]
	}
	return entries
}
