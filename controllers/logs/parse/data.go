package parse

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"slices"
)

const (
	// maxDepth of data. The API server refuses objects that are nested too deep.
	maxDepth = 16
	// truncatedKey says in data that fields did not fit.
	truncatedKey = "_truncated"
)

// encode writes fields as a JSON object of at most MaxData bytes, nil when there are none. Where they do not
// all fit, those that do are kept in the order of their names, and _truncated says so.
func encode(fields map[string]any) []byte {
	if len(fields) == 0 {
		return nil
	}
	harmless := make(map[string]any, len(fields))
	for key, value := range fields {
		harmless[sanitize(key)] = harmlessValue(value, 1)
	}
	const mark = `"` + truncatedKey + `":true`
	var b bytes.Buffer
	b.WriteByte('{')
	truncated := false
	for _, key := range slices.Sorted(maps.Keys(harmless)) {
		field, err := member(key, harmless[key])
		if err != nil || key == truncatedKey || b.Len()+len(field)+len(mark)+3 > MaxData {
			truncated = true
			continue
		}
		separate(&b)
		b.Write(field)
	}
	if truncated {
		separate(&b)
		b.WriteString(mark)
	}
	b.WriteByte('}')
	return b.Bytes()
}

func separate(b *bytes.Buffer) {
	if b.Len() > 1 {
		b.WriteByte(',')
	}
}

func member(key string, value any) ([]byte, error) {
	name, err := json.Marshal(key)
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return append(append(name, ':'), raw...), nil
}

// harmlessValue sanitises every string of a value. What the API server could not store changes its form: a
// number beyond float64 becomes a string, and what is nested too deep its JSON as a string.
func harmlessValue(value any, depth int) any {
	switch v := value.(type) {
	case string:
		return sanitize(v)
	case json.Number:
		if f, err := v.Float64(); err != nil || math.IsInf(f, 0) {
			return string(v)
		}
		return v
	case map[string]any:
		if depth >= maxDepth {
			return asText(v)
		}
		out := make(map[string]any, len(v))
		for key, child := range v {
			out[sanitize(key)] = harmlessValue(child, depth+1)
		}
		return out
	case []any:
		if depth >= maxDepth {
			return asText(v)
		}
		out := make([]any, len(v))
		for i, child := range v {
			out[i] = harmlessValue(child, depth+1)
		}
		return out
	default:
		return v
	}
}

func asText(value any) string {
	raw, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	return bounded(sanitize(string(raw)), 0)
}
