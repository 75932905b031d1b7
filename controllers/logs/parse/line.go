// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package parse turns a line of a container's log into an entry: timestamp, level, message and data. It is pure, its
// cost is linear in the line's length, and it never fails: a line that it does not recognize is a message.
//
// Entries are safe for etcd, terminals and browsers: valid UTF-8 without control characters or escape sequences, and
// bounded.
package parse

import (
	"bytes"
	"math"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// These are the bounds of an entry, in bytes.
const (
	// MaxMessage bounds the message, including the mark of what was cut.
	MaxMessage = 2048
	// MaxData bounds the JSON of data.
	MaxData = 4096
)

// parsed is a line as parsed by a dialect.
type parsed struct {
	level   v1alpha1.LogLevel
	message string
	// fields are those of a structured line, without level, message and time.
	fields map[string]any
	// unread is how many bytes at the end of the line could not be used, because the line was cut.
	unread int
}

// dialect parses a line of its kind. ok is false for other lines.
type dialect func(line string) (parsed, bool)

// The dialects are ordered from the strictest to the one that accepts all lines. A line that was cut may also be JSON
// or pairs without their end.
var (
	wholeLine = []dialect{jsonLine, klogLine, logfmtLine, plainLine}
	cutLine   = []dialect{jsonLine, cutJSONLine, klogLine, cutLogfmtLine, plainLine}
)

// Line parses one line without its newline. truncated is how many further bytes of the line are missing.
//
// It sanitizes the line before parsing, so that a coloured line is recognized. It sanitizes the values afterwards,
// because their escapes may hide characters (\u001b in a JSON string). The message is one line; data keeps its line
// breaks. If a line was overwritten, like a progress bar, only its last state is parsed.
func Line(at time.Time, line []byte, truncated int64) v1alpha1.LogEntry {
	truncated = max(0, truncated)
	text := asRead.apply(lastState(string(bytes.TrimRight(line, "\r\n"))))
	dialects := wholeLine
	if truncated > 0 {
		dialects = cutLine
	}
	entry := v1alpha1.LogEntry{Timestamp: metav1.NewMicroTime(at)}
	for _, d := range dialects {
		p, ok := d(text)
		if !ok {
			continue
		}
		missing := truncated + min(int64(p.unread), math.MaxInt64-truncated)
		entry.Level, entry.Message = p.level, bounded(sanitize(p.message), missing)
		if raw := encode(p.fields, p.unread > 0); raw != nil {
			entry.Data = &apiextensionsv1.JSON{Raw: raw}
		}
		break
	}
	return entry
}
