// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
)

const (
	// maxDepth bounds the nesting of data, itself counted: kubectl, browsers and the API server read it recursively.
	maxDepth = 16
	// truncatedKey marks data from which fields are missing.
	truncatedKey = "_truncated"
)

// encode writes fields as a JSON object of at most MaxData bytes, or nil if there are none. If not all fit, it keeps
// those that do in the order of their names, and adds _truncated. It also adds _truncated if the end of the line is
// missing.
//
// The bytes are those that the API server stores (names in order, < and > escaped), so the bound holds there too.
func encode(fields map[string]any, cut bool) []byte {
	if len(fields) == 0 && !cut {
		return nil
	}
	harmless := logData.object(fields, 1)
	if !cut {
		if raw, err := json.Marshal(harmless); err == nil && len(raw) <= MaxData {
			return raw
		}
	}
	b := bytes.NewBufferString(`{"` + truncatedKey + `":true`) // first, so that it always fits
	for _, key := range slices.Sorted(maps.Keys(harmless)) {
		field, err := json.Marshal(map[string]any{key: harmless[key]})
		if err != nil || key == truncatedKey || b.Len()+len(field) > MaxData {
			continue
		}
		b.WriteByte(',')
		b.Write(field[1 : len(field)-1]) // without its braces; the comma and the last brace take their room
	}
	b.WriteByte('}')
	return b.Bytes()
}

// values makes JSON values harmless.
type values struct {
	// names and texts are the rules for names and texts.
	names, texts rule
	// deep writes a value that is nested too deep.
	deep func(text string) string
}

var (
	// logData is shown beside a message: a name is one line, and a value that is nested too deep is cut like a message.
	logData = values{oneLine, inData, func(text string) string { return bounded(text, 0) }}
	// resultData is a program's result, which stays as the program wrote it.
	resultData = values{inResult, inResult, func(text string) string { return text }}
)

// object makes names and values harmless. If two names become equal, the value of the name that was harmless before is
// kept: a hidden character must not replace it.
func (v *values) object(fields map[string]any, depth int) map[string]any {
	out := make(map[string]any, len(fields))
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		name := v.names.apply(key)
		if _, taken := out[name]; taken && name != key {
			continue
		}
		out[name] = v.value(fields[key], depth+1)
	}
	return out
}

// value makes every string of a value harmless. What the API server cannot store becomes a string: a number that it
// would change, and the JSON of a value that is nested too deep.
func (v *values) value(value any, depth int) any {
	switch value := value.(type) {
	case string:
		return v.texts.apply(value)
	case json.Number:
		return storable(value)
	case map[string]any:
		if depth > maxDepth {
			return v.deep(v.texts.apply(jsonText(value)))
		}
		return v.object(value, depth)
	case []any:
		if depth > maxDepth {
			return v.deep(v.texts.apply(jsonText(value)))
		}
		out := make([]any, len(value))
		for i, child := range value {
			out[i] = v.value(child, depth+1)
		}
		return out
	default:
		return value
	}
}
