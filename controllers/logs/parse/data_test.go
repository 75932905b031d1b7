// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestEncode(t *testing.T) {
	deep := any(json.Number("1"))
	for range 20 {
		deep = map[string]any{"a": deep}
	}
	for name, c := range map[string]struct {
		fields map[string]any
		cut    bool
		want   string
	}{
		"none":                     {nil, false, ""},
		"none, but cut":            {nil, true, `{"_truncated":true}`},
		"in order":                 {map[string]any{"b": "2", "a": "1"}, false, `{"a":"1","b":"2"}`},
		"what fits":                {map[string]any{"a": "s", "b": strings.Repeat("x", MaxData), "c": "s"}, false, `{"_truncated":true,"a":"s","c":"s"}`},
		"nothing fits":             {map[string]any{"a": strings.Repeat("<", MaxData/6)}, false, `{"_truncated":true}`},
		"a program's own mark":     {map[string]any{"_truncated": "no"}, false, `{"_truncated":"no"}`},
		"a program's mark, cut":    {map[string]any{"_truncated": "no"}, true, `{"_truncated":true}`},
		"a hidden twin":            {map[string]any{"user": "a", "\x00user": "b", "user\u202e": "c"}, false, `{"user":"a"}`},
		"two hidden ones":          {map[string]any{"\x00k": "a", "k\x01": "b"}, false, `{"k":"a"}`},
		"hidden twins within":      {map[string]any{"o": map[string]any{"\x00k": "b", "k": "a"}}, false, `{"o":{"k":"a"}}`},
		"harmless to the bottom":   {map[string]any{"l": []any{map[string]any{"k\x07": "\x1b[0mv"}}}, false, `{"l":[{"k":"v"}]}`},
		"lines stay":               {map[string]any{"stack": "a\r\n\tat b\u2028c\u0085d"}, false, "{\"stack\":\"a\\r\\n\\tat b\\u2028c\u0085d\"}"},
		"but not in a name":        {map[string]any{"a\nb": "c"}, false, `{"a b":"c"}`},
		"nor anything else":        {map[string]any{"a": "\x00\x1b[31mb\u202ec\ufeff\n"}, false, `{"a":"bc\n"}`},
		"HTML is escaped":          {map[string]any{"h": "<b>"}, false, `{"h":"\u003cb\u003e"}`},
		"numbers that would drift": {map[string]any{"n": json.Number("1e999")}, false, `{"n":"1e999"}`},
		"too deep":                 {map[string]any{"d": deep}, false, `{"d":` + strings.Repeat(`{"a":`, 15) + `"{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}"` + strings.Repeat("}", 16)},
	} {
		t.Run(name, func(t *testing.T) {
			got := encode(c.fields, c.cut)
			if string(got) != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if again := encode(c.fields, c.cut); string(again) != string(got) {
				t.Errorf("the second time it is %s", again)
			}
		})
	}
}

func TestDataFillsItsBound(t *testing.T) {
	for size := MaxData - 60; size < MaxData+60; size++ {
		fields := map[string]any{"k": strings.Repeat("x", size-len(`{"k":""}`))}
		got := string(encode(fields, false))
		if kept := !strings.Contains(got, truncatedKey); len(got) > MaxData || kept != (size <= MaxData) {
			t.Errorf("data of %d bytes became %d", size, len(got))
		}
	}
	for _, number := range []json.Number{"1e20", "1E9", "-1e-6"} {
		raw := encode(map[string]any{"l": slices.Repeat([]any{number}, MaxData/5), "m": number}, false)
		if len(raw) > MaxData || !strings.HasPrefix(string(raw), `{"_truncated":true,"m":`) {
			t.Errorf("a list that the API server writes in more bytes became %s", raw)
		}
		checkStored(t, raw)
	}
	fields := map[string]any{}
	for i := range 1000 {
		fields[fmt.Sprintf("k%03d", i)] = "v"
	}
	if got := encode(fields, false); len(got) > MaxData || len(got) < MaxData-20 {
		t.Errorf("a thousand fields became %d bytes", len(got))
	}
}
