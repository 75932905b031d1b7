// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package logs

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/controllers/logs/replay"
)

const (
	// maxSought bounds the text to search for, in characters.
	maxSought = 256
	// One request searches at most maxSearch bytes, for at most maxSearchTime. The time is looked at every searchStep lines.
	maxSearch     = 1 << 30
	maxSearchTime = 5 * time.Second
	searchStep    = 1 << 10
)

// LogMatches are lines of a log that match.
type LogMatches struct {
	// ExecutionID is the id of the run.
	ExecutionID string `json:"executionId"`
	// Matches are the matching lines, oldest first.
	Matches []LogMatch `json:"matches"`
	// NextCursor is where to search on: send it as cursor.
	NextCursor string `json:"nextCursor,omitempty"`
	// End is true if the log was searched to its present end. It is false if the request had its matches, or took too long.
	End bool `json:"end"`
	// Lines is how many lines this request has searched.
	Lines int64 `json:"lines"`
	// Bytes is how many bytes this request has searched.
	Bytes int64 `json:"bytes"`
	// Sources is where the lines were read: archive, pod or tail.
	Sources []string `json:"sources" jsonschema:"enum=archive,enum=pod,enum=tail"`
	// Redacted is true if the values of sensitive params were removed.
	Redacted bool `json:"redacted,omitempty"`
	Completeness
}

// LogMatch is a line that matches.
type LogMatch struct {
	LogEntry
	// Cursor is the position after the line. A page before it ends with the line.
	Cursor string `json:"cursor,omitempty"`
	// Ranges are where the message matches, at most 100 places. There are none if another field of the line matches.
	Ranges []Range `json:"ranges"`
}

// searchQuery says what to search for.
type searchQuery struct {
	logQuery
	text       string
	expression bool
	ignoreCase bool
}

// inLog returns the parser of a parameter that a search shares with pages.
func inLog(name string) func(*searchQuery, string) string {
	return func(q *searchQuery, value string) string { return logParameters[name](&q.logQuery, value) }
}

var searchParameters = web.Parameters[searchQuery]{
	"q": func(q *searchQuery, value string) string {
		if q.text = value; value == "" || utf8.RuneCountInString(value) > maxSought || !utf8.ValidString(value) {
			return "a text of 1 to 256 characters"
		}
		return ""
	},
	"regex":      func(q *searchQuery, value string) string { return web.Boolean(&q.expression, value) },
	"ignoreCase": func(q *searchQuery, value string) string { return web.Boolean(&q.ignoreCase, value) },
	"limit":      inLog("limit"), "cursor": inLog("cursor"), "level": inLog("level"), "since": inLog("since"), "attempt": inLog("attempt"), "container": inLog("container"),
}

// searchQueryOf parses the query of a search.
func searchQueryOf(r *http.Request, now time.Time) (q searchQuery, of matcher, err error) {
	q.now = now
	if err := searchParameters.Read(r, &q); err != nil {
		return q, of, err
	}
	if q.text == "" {
		return q, of, web.Problemf(http.StatusBadRequest, "the parameter q is missing: the text to search for")
	}
	if q.limit == 0 {
		q.limit = web.DefaultPage
	}
	if of, err = newMatcher(q.text, q.expression, q.ignoreCase); err != nil {
		return q, of, web.Problemf(http.StatusBadRequest, "the parameter q is not a valid expression (RE2): %v", err)
	}
	return q, of, nil
}

// Search answers with the lines of a log that match.
func (h *Handlers) Search(in *access.Scope, w http.ResponseWriter, r *http.Request) error {
	q, of, err := searchQueryOf(r, time.Now())
	if err != nil {
		return err
	}
	leave, err := h.place(in)
	if err != nil {
		return err
	}
	defer leave()
	ctx, cancel := context.WithTimeout(r.Context(), h.Timeout)
	defer cancel()
	l := &servedLog{Handlers: h, in: in, query: q.logQuery, id: web.PathValue(r, "executionId")}
	if err := l.look(ctx); err != nil {
		return err
	}
	var found LogMatches
	if err := l.orWithoutArchive(ctx, func() (err error) { found, err = l.search(ctx, of); return err }); err != nil {
		return err
	}
	found.Completeness, found.Redacted = l.completeness(), l.redacted
	return web.Reply(w, found)
}

// search reads the log once, and keeps only what matches.
func (l *servedLog) search(ctx context.Context, of matcher) (LogMatches, error) {
	s := &searching{l: l, of: of, until: time.Now().Add(maxSearchTime), found: LogMatches{ExecutionID: l.id, Matches: []LogMatch{}, NextCursor: l.query.from.String()}}
	if l.onlyTail() || l.tailSoFar() {
		for _, entry := range l.mirrored() {
			s.found.Lines, s.found.Bytes = s.found.Lines+1, s.found.Bytes+int64(len(entry.Message))
			if ranges := of.ranges(entry.Message); len(ranges) > 0 || of.matches(entry.Data) {
				s.found.Matches = append(s.found.Matches, LogMatch{LogEntry: entry, Ranges: ranges})
			}
		}
		s.found.End, s.found.Sources = true, []string{"tail"}
		return s.found, nil
	}
	log := l.log()
	err := l.read(ctx, log, s.line)
	s.found.NextCursor, s.found.Sources, s.found.End = log.Position.String(), log.Sources(), err == nil
	if errors.Is(err, replay.ErrStop) {
		err = nil
	}
	return s.found, err
}

// searching is the state of a search.
type searching struct {
	l     *servedLog
	of    matcher
	until time.Time
	found LogMatches
}

func (s *searching) line(line replay.Line) error {
	s.found.Lines++
	s.found.Bytes += int64(len(line.Head))
	if err := s.match(line); err != nil {
		return err
	}
	switch {
	case len(s.found.Matches) >= s.l.query.limit, s.found.Bytes > maxSearch, s.found.Lines%searchStep == 0 && time.Now().After(s.until):
		return replay.ErrStop
	}
	return nil
}

// match adds a line if it matches as it was printed, or if its message does. Only of a line that was written with escapes
// can the message match and the line not.
func (s *searching) match(line replay.Line) error {
	printed := s.of.matches(line.Head)
	if !printed && bytes.IndexByte(line.Head, '\\') < 0 && bytes.IndexByte(line.Head, '\x1b') < 0 {
		return nil
	}
	entry, _, err := wireLine(line)
	if err != nil || !s.l.query.atLeast(entry.Level) {
		return err
	}
	if ranges := s.of.ranges(entry.Message); printed || len(ranges) > 0 {
		s.found.Matches = append(s.found.Matches, LogMatch{LogEntry: entry, Cursor: line.Position.String(), Ranges: ranges})
	}
	return nil
}
