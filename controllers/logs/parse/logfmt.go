package parse

import (
	"strings"

	"github.com/go-logfmt/logfmt"
)

// logfmtLine reads key=value pairs, when all of the line is such pairs and one of them is a level or a message.
func logfmtLine(line string) (parsed, bool) {
	fields, ok := pairs(line)
	if !ok {
		return parsed{}, false
	}
	return structured(fields)
}

// cutLogfmtLine reads pairs of which the last was cut, for the sake of those before it, as cutJSONLine does.
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

// pairs reads key=value pairs; ok is false when the line has anything else.
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

// onlyPairs tells whether every token has an equals sign. The decoder takes a word on its own for a key, gives
// the same for it as for an empty value, and so would find pairs in any prose.
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

// wholePairs tells where the last pair ends that is whole whatever was cut after it; ok is false when what
// stands there is not pairs, or the beginning of one.
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

// pairEnd says how a pair ends.
type pairEnd int

const (
	// noPair is anything else.
	noPair pairEnd = iota
	// closed by its quote, or by a space after it.
	closed
	// open ends with the line: it may be whole.
	open
	// unfinished ends with the line, within its key or its quotes.
	unfinished
)

// pairLength gives the length of the pair at the start of s, and how it ends.
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

// quotedLength gives the length of the quoted text at the start of s; ok is false, and it is all of s, when its
// end is missing.
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
