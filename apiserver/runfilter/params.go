// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runfilter

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Param is a condition on one param of a run: its name and the text of its value. Only params that the run's request
// has count: defaults of the Task are not stored, and sensitive params cannot be read.
type Param struct{ Name, Value string }

// matchParams reports whether params, a JSON object or nil, meet all conditions. A value meets a condition if it is a
// string with that content, or a number, true, false or null that is written like that. Objects and lists never do.
func matchParams(wanted []Param, raw []byte) bool {
	for _, w := range wanted {
		if !canContain(raw, w.Value) {
			return false
		}
	}
	var given map[string]json.RawMessage
	if json.Unmarshal(raw, &given) != nil {
		return false
	}
	for _, w := range wanted {
		if text, scalar := textOf(given[w.Name]); !scalar || text != w.Value {
			return false
		}
	}
	return true
}

// canContain reports whether JSON in valid UTF-8 can contain a value with that text. It costs much less than decoding:
// without a backslash, all strings are written as they are.
func canContain(raw []byte, text string) bool {
	return bytes.Contains(raw, []byte(text)) || bytes.IndexByte(raw, '\\') >= 0
}

// textOf returns the text of a JSON scalar. scalar is false for objects, lists and nothing.
func textOf(raw json.RawMessage) (text string, scalar bool) {
	raw = bytes.TrimSpace(raw)
	switch {
	case len(raw) == 0 || raw[0] == '{' || raw[0] == '[':
		return "", false
	case raw[0] == '"':
		return text, json.Unmarshal(raw, &text) == nil
	default:
		return string(raw), true
	}
}

// ParseParam parses NAME=VALUE. The name ends at the first equals sign, and the value may be empty. It returns false for
// any other text.
func ParseParam(text string) (Param, bool) {
	name, value, found := strings.Cut(text, "=")
	return Param{name, value}, found && name != ""
}
