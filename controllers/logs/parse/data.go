package parse

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
)

const (
	// maxDepth of data, itself counted. What reads it (kubectl, browsers, the API server) recurses.
	maxDepth = 16
	// truncatedKey says in data that fields are missing.
	truncatedKey = "_truncated"
)

// encode writes fields as a JSON object of at most MaxData bytes, nil when there are none. Where they do not
// all fit, those that do are kept in the order of their names, and _truncated says so; as it does when the
// line's end was missing.
//
// The bytes are those that the API server stores (names in order, < and > escaped), so that the bound holds
// there too.
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
	b := bytes.NewBufferString(`{"` + truncatedKey + `":true`) // first, lest it be what does not fit
	for _, key := range slices.Sorted(maps.Keys(harmless)) {
		field, err := json.Marshal(map[string]any{key: harmless[key]})
		if err != nil || key == truncatedKey || b.Len()+len(field) > MaxData {
			continue
		}
		b.WriteByte(',')
		b.Write(field[1 : len(field)-1]) // without its braces, whose room the comma and the last brace take
	}
	b.WriteByte('}')
	return b.Bytes()
}

// values makes what stands in JSON harmless.
type values struct {
	// names and texts say what stays in them.
	names, texts rule
	// deep writes what is nested too deep.
	deep func(text string) string
}

var (
	// logData is shown beside a message: a name is one line, and a value that is nested too deep is cut as one is.
	logData = values{oneLine, inData, func(text string) string { return bounded(text, 0) }}
	// resultData is what a program handed on, and stays as it wrote it.
	resultData = values{inResult, inResult, func(text string) string { return text }}
)

// object makes names and values harmless. Where two names become one, that which was harmless before has
// it: a hidden character must not put another value in its place.
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

// value makes every string of a value harmless. What the API server could not store changes its form: a
// number that it would change becomes a string, and what is nested too deep its JSON as a string.
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
