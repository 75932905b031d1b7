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
	for {
		line = strings.TrimLeft(line, " \t")
		if line == "" {
			return true
		}
		end := strings.IndexAny(line, "= \t\"")
		if end <= 0 || line[end] != '=' {
			return false
		}
		line = line[end+1:]
		if strings.HasPrefix(line, `"`) {
			line = line[quotedLength(line):]
			if line != "" && line[0] != ' ' && line[0] != '\t' {
				return false
			}
			continue
		}
		end = strings.IndexAny(line, " \t")
		if end < 0 {
			return true
		}
		line = line[end:]
	}
}

// quotedLength gives the length of the quoted text at the start of s, all of s when its end is missing.
func quotedLength(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s)
}
