// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// jsonLine parses a JSON object. An object with neither a level nor a message is a program's output, not a logger's
// line, and stays as it is. encoding/json rejects JSON that is nested deeper than 10000.
func jsonLine(line string) (parsed, bool) {
	line = strings.TrimSpace(line)
	if len(line) < 2 || line[0] != '{' || line[len(line)-1] != '}' {
		return parsed{}, false
	}
	decoder := json.NewDecoder(strings.NewReader(line))
	decoder.UseNumber()
	var fields map[string]any
	if err := decoder.Decode(&fields); err != nil {
		return parsed{}, false
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return parsed{}, false
	}
	return structured(fields)
}

// cutJSONLine parses the complete members of a JSON object whose end was cut. An error must not look like information
// because its stack trace was long.
func cutJSONLine(line string) (parsed, bool) {
	line = strings.TrimLeft(line, " \t")
	if !strings.HasPrefix(line, "{") {
		return parsed{}, false
	}
	fields, read := members(line)
	_, hasMessage := messageOf(fields, true)
	p, ok := structured(fields)
	if !ok {
		return parsed{}, false
	}
	if !hasMessage { // it was cut off; the beginning of the line is the best substitute
		return parsed{level: p.level, message: line}, true
	}
	p.unread = len(line) - read
	return p, true
}

// members parses the complete members of the object at the start of a line, and returns where the last of them ends.
func members(line string) (fields map[string]any, read int) {
	decoder := json.NewDecoder(strings.NewReader(line))
	decoder.UseNumber()
	fields = map[string]any{}
	if _, err := decoder.Token(); err != nil {
		return fields, 0
	}
	for {
		read = int(decoder.InputOffset())
		key, err := decoder.Token()
		if err != nil {
			return fields, read
		}
		name, ok := key.(string)
		if !ok { // the end of the object
			return fields, read
		}
		var value any
		if err := decoder.Decode(&value); err != nil || int(decoder.InputOffset()) == len(line) {
			return fields, read // a number that ends with the line may have been cut
		}
		fields[name] = value
	}
}

// jsonText writes a value as readable JSON: without the escapes that make it safe within HTML.
func jsonText(value any) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return ""
	}
	return strings.TrimSuffix(b.String(), "\n")
}
