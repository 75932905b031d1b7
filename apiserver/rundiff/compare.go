// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package rundiff finds what differs between two runs: in JSON values and in logs. It is pure.
package rundiff

import (
	"bytes"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const (
	// maxChanges bounds the changes of one comparison.
	maxChanges = 100
	// maxValue bounds a shown value, in bytes of JSON.
	maxValue = 1 << 10
	// maxLines bounds the shown lines of each log, and maxLine each line in bytes.
	maxLines, maxLine = 10, 500
)

// Change is one value that differs.
type Change struct {
	// Path is the JSON Pointer (RFC 6901) of the value.
	Path string `json:"path"`
	// Before is the value in the earlier run, absent if it has none. A long value is shortened and is a string then.
	Before json.RawMessage `json:"before,omitempty"`
	// After is the value in this run, absent if it has none. A long value is shortened and is a string then.
	After json.RawMessage `json:"after,omitempty"`
}

// JSON returns the values that differ between two JSON texts, ordered by path. Objects and arrays of the same length are compared
// element by element. An empty text has no value. What is not JSON counts as text. more says that there are more than 100 changes.
func JSON(before, after []byte) (changes []Change, more bool) {
	c := &comparison{}
	c.values("", decode(before), decode(after))
	if more = len(c.changes) > maxChanges; more {
		c.changes = c.changes[:maxChanges]
	}
	return c.changes, more
}

// missing is the value of what is not there. JSON's null is nil.
type missing struct{}

func decode(text []byte) any {
	if len(bytes.TrimSpace(text)) == 0 {
		return missing{}
	}
	var value any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if d.Decode(&value) != nil {
		return string(text)
	}
	return value
}

type comparison struct{ changes []Change }

func (c *comparison) values(path string, before, after any) {
	if len(c.changes) > maxChanges {
		return
	}
	switch b := before.(type) {
	case map[string]any:
		if a, same := after.(map[string]any); same {
			c.objects(path, b, a)
			return
		}
	case []any:
		if a, same := after.([]any); same && len(a) == len(b) {
			for i := range b {
				c.values(path+"/"+strconv.Itoa(i), b[i], a[i])
			}
			return
		}
	}
	was, is := encode(before), encode(after)
	if !bytes.Equal(was, is) {
		c.changes = append(c.changes, Change{path, shorten(was), shorten(is)})
	}
}

func (c *comparison) objects(path string, before, after map[string]any) {
	names := slices.Sorted(maps.Keys(before))
	for name := range after {
		if _, known := before[name]; !known {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	for _, name := range names {
		c.values(path+"/"+escape.Replace(name), valueOf(before, name), valueOf(after, name))
	}
}

func valueOf(of map[string]any, name string) any {
	if value, known := of[name]; known {
		return value
	}
	return missing{}
}

// encode returns a value as JSON, nil if it is missing.
func encode(value any) json.RawMessage {
	if _, none := value.(missing); none {
		return nil
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return nil // unreachable: the value was decoded from JSON
	}
	return raw
}

// shorten returns a value, or the beginning of its text if it is long.
func shorten(raw json.RawMessage) json.RawMessage {
	if len(raw) <= maxValue {
		return raw
	}
	short, err := json.Marshal(strings.ToValidUTF8(string(raw[:maxValue]), "") + "…")
	if err != nil {
		return nil // unreachable: a string is valid JSON
	}
	return short
}

// Lines is where two logs begin to differ.
type Lines struct {
	// Line is the number of the first line that differs, from 1.
	Line int `json:"line"`
	// Before are at most 10 lines of the earlier run from there on.
	Before []string `json:"before"`
	// After are at most 10 lines of this run from there on.
	After []string `json:"after"`
}

// Logs returns where two logs begin to differ, or nil if they do not. Times in the lines are ignored. If cut says that one of the logs
// has more lines, nothing is said about what is beyond the shorter one.
func Logs(before, after []string, cut bool) *Lines {
	n := 0
	for n < len(before) && n < len(after) && (before[n] == after[n] || timeless(before[n]) == timeless(after[n])) {
		n++
	}
	if n == len(before) && n == len(after) || cut && (n == len(before) || n == len(after)) {
		return nil
	}
	return &Lines{n + 1, shown(before[n:]), shown(after[n:])}
}

// times matches dates with times, times of day, and seconds or milliseconds since 1970.
var times = regexp.MustCompile(`\d{4}[-/]\d{2}[-/]\d{2}[T ]\d{2}:\d{2}:\d{2}([.,]\d+)?(Z|[+-]\d{2}:?\d{2})?|\d{2}:\d{2}:\d{2}([.,]\d+)?|\b1\d{9}(\d{3})?(\.\d+)?\b`)

func timeless(line string) string { return times.ReplaceAllString(line, "") }

func shown(lines []string) []string {
	out := []string{}
	for _, line := range lines[:min(len(lines), maxLines)] {
		if len(line) > maxLine {
			line = strings.ToValidUTF8(line[:maxLine], "") + "…"
		}
		out = append(out, line)
	}
	return out
}
