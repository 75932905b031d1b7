// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"strings"

	"github.com/go-logfmt/logfmt"
)

// logfmtLine parses a line that consists of key=value pairs, one of them a level or a message.
func logfmtLine(line string) (parsed, bool) {
	fields, ok := pairs(line)
	if !ok {
		return parsed{}, false
	}
	return structured(fields)
}

// cutLogfmtLine parses the complete pairs of a line whose end was cut, like cutJSONLine.
func cutLogfmtLine(line string) (parsed, bool) {
	read, ok := wholePairs(line)
	if !ok {
		return parsed{}, false
	}
	fields, ok := pairs(line[:read])
	if !ok {
		return parsed{}, false
	}
	_, hasMessage := messageOf(fields, true)
	p, ok := structured(fields)
	if !ok {
		return parsed{}, false
	}
	if !hasMessage {
		return parsed{level: p.level, message: line}, true
	}
	p.unread = len(line) - read
	return p, true
}

// pairs parses key=value pairs. ok is false if the line has anything else.
func pairs(line string) (fields map[string]any, ok bool) {
	if !onlyPairs(line) {
		return nil, false
	}
	decoder := logfmt.NewDecoderSize(strings.NewReader(line), len(line)+1)
	fields = map[string]any{}
	for decoder.ScanRecord() {
		for decoder.ScanKeyval() {
			fields[string(decoder.Key())] = string(decoder.Value())
		}
	}
	return fields, decoder.Err() == nil && len(fields) > 0
}

// onlyPairs reports whether every token has an equals sign. The decoder takes a single word for a key with an empty
// value, so it would find pairs in any prose.
func onlyPairs(line string) bool {
	for line = strings.TrimLeft(line, " \t"); line != ""; line = strings.TrimLeft(line, " \t") {
		length, end := pairLength(line)
		if end != closed && end != open {
			return false
		}
		line = line[length:]
	}
	return true
}

// wholePairs returns where the last pair ends that is certainly complete. ok is false if the text has anything but
// pairs; the last pair may be cut.
func wholePairs(line string) (read int, ok bool) {
	rest := strings.TrimLeft(line, " \t")
	for rest != "" {
		length, end := pairLength(rest)
		if end != closed {
			return read, end != noPair
		}
		rest = rest[length:]
		read = len(line) - len(rest)
		rest = strings.TrimLeft(rest, " \t")
	}
	return read, true
}

// pairEnd is how a pair ends.
type pairEnd int

const (
	// noPair means that the text is not a pair.
	noPair pairEnd = iota
	// closed means that its quote or a space ends it.
	closed
	// open means that the line ends with it, so it may be complete.
	open
	// unfinished means that the line ends within its key or quotes.
	unfinished
)

// pairLength returns the length of the pair at the start of s, and how it ends.
func pairLength(s string) (int, pairEnd) {
	equals := strings.IndexAny(s, "= \t\"")
	switch {
	case equals < 0:
		return len(s), unfinished
	case equals == 0 || s[equals] != '=':
		return 0, noPair
	}
	start := equals + 1
	if !strings.HasPrefix(s[start:], `"`) {
		space := strings.IndexAny(s[start:], " \t")
		if space < 0 {
			return len(s), open
		}
		return start + space, closed
	}
	quoted, ok := quotedLength(s[start:])
	end := start + quoted
	switch {
	case !ok:
		return end, unfinished
	case end < len(s) && s[end] != ' ' && s[end] != '\t':
		return 0, noPair
	default:
		return end, closed
	}
}

// quotedLength returns the length of the quoted text at the start of s. If its end is missing, ok is false and the text
// is all of s.
func quotedLength(s string) (length int, ok bool) {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1, true
		}
	}
	return len(s), false
}
