// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package logs

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/controllers/logs/replay"
)

// Limits of a page of a log.
const (
	// maxAttempt is more attempts than any Job makes.
	maxAttempt = 1_000_000
)

// logQuery says which part of a log is requested, and in which form.
type logQuery struct {
	// limit is the maximum number of entries, 0 for no limit.
	limit int
	// from is the position to begin at. Last-Event-ID takes precedence over cursor.
	from replay.Position
	// backwards says that a page is wanted that ends at from, or at the end of the log if from is zero.
	backwards bool
	// resumes says that the client sent the id of its last event. ended says that this was the last event of the log.
	resumes, ended bool

	level v1alpha1.LogLevel
	since time.Time
	// tail is how many of the last entries are requested, 0 for all.
	tail       int
	selection  replay.Selection
	timestamps bool
	follow     bool
	// raw says that lines are sent as the container printed them.
	raw bool
	// now is the time of the request.
	now time.Time
}

// levels orders the levels for ?level=, lowest first.
var levels = []v1alpha1.LogLevel{v1alpha1.LogDebug, v1alpha1.LogInfo, v1alpha1.LogWarn, v1alpha1.LogError}

// logQueryOf parses the query of a request. The error is a problem that names the parameter.
func logQueryOf(r *http.Request, now time.Time) (logQuery, error) {
	q := logQuery{raw: wantsText(r.Header.Get("Accept")), now: now}
	if err := logParameters.Read(r, &q); err != nil {
		return q, err
	}
	if q.backwards {
		if query := r.URL.Query(); query.Has("cursor") || query.Has("lastEventId") || r.Header.Get("Last-Event-ID") != "" || q.tail > 0 || q.follow || q.raw {
			return q, web.Problemf(http.StatusBadRequest, "before is for pages of entries, and excludes cursor, lastEventId, tail, follow and text/plain")
		}
	}
	if id := r.Header.Get("Last-Event-ID"); id != "" && q.resume(id) != "" {
		return q, web.Problemf(http.StatusBadRequest, "the header Last-Event-ID is %q, want the id of an event of this API", id)
	}
	if q.resumes {
		q.tail = 0 // a client that reconnects sends its first query again
	}
	switch {
	case q.tail > 0 && q.from != (replay.Position{}):
		return q, web.Problemf(http.StatusBadRequest, "tail and cursor exclude each other")
	case q.timestamps && !q.raw:
		return q, web.Problemf(http.StatusBadRequest, "timestamps is only for Accept: text/plain; entries always have a timestamp")
	case q.limit == 0 && !q.raw && !q.follow:
		q.limit = web.DefaultPage
	}
	return q, nil
}

// resume sets the position to begin at from the id of an event.
func (q *logQuery) resume(id string) (want string) {
	token, ended := strings.CutSuffix(id, web.EndMark)
	from, err := replay.ParsePosition(token)
	if err != nil || id == "" {
		return "the id of an event of this API"
	}
	q.from, q.resumes, q.ended = from, true, ended
	return ""
}

var logParameters = web.Parameters[logQuery]{
	"lastEventId": func(q *logQuery, value string) string { return q.resume(value) },
	"cursor": func(q *logQuery, value string) string {
		from, err := replay.ParsePosition(value)
		if err != nil {
			return "a nextCursor of this API"
		}
		q.from = from
		return ""
	},
	"before": func(q *logQuery, value string) string {
		from, err := replay.ParsePosition(value)
		if value == fromEnd {
			from, err = replay.Position{}, nil
		}
		if err != nil || value == "" {
			return "end or a cursor of this API"
		}
		q.from, q.backwards = from, true
		return ""
	},
	"limit": func(q *logQuery, value string) string { return web.Number(&q.limit, value, web.MaxPage) },
	"tail":  func(q *logQuery, value string) string { return web.Number(&q.tail, value, web.MaxPage) },
	"attempt": func(q *logQuery, value string) string {
		return web.Number(&q.selection.Attempt, value, maxAttempt)
	},
	"container": func(q *logQuery, value string) string {
		q.selection.Container = value
		if value == "" {
			return "the name of a container"
		}
		return ""
	},
	"level": func(q *logQuery, value string) string {
		if q.level = v1alpha1.LogLevel(value); !slices.Contains(levels, q.level) {
			return "debug, info, warn or error"
		}
		return ""
	},
	"since": func(q *logQuery, value string) string {
		at, err := time.Parse(time.RFC3339Nano, value)
		if err != nil {
			d, durationErr := time.ParseDuration(value)
			if durationErr != nil || d < 0 {
				return "a time such as 2006-01-02T15:04:05Z, or how long ago, such as 10m"
			}
			at = q.now.Add(-d)
		}
		q.since = at
		return ""
	},
	"timestamps": func(q *logQuery, value string) string { return web.Boolean(&q.timestamps, value) },
	"follow":     func(q *logQuery, value string) string { return web.Boolean(&q.follow, value) },
}

// wantsText reports whether the client accepts plain text and neither JSON nor events.
func wantsText(accept string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		switch mediaType, _, _ := strings.Cut(part, ";"); strings.TrimSpace(mediaType) {
		case "text/plain":
			return true
		case "application/json", "text/event-stream", "*/*", "application/*":
			return false
		}
	}
	return false
}

// atLeast reports whether an entry has the requested level or a higher one.
func (q *logQuery) atLeast(level string) bool {
	return q.level == "" || slices.Index(levels, v1alpha1.LogLevel(level)) >= slices.Index(levels, q.level)
}
