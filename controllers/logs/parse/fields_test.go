// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"encoding/json"
	"testing"
)

func TestDropTime(t *testing.T) {
	for name, c := range map[string]struct {
		fields  map[string]any
		dropped string
	}{
		"RFC 3339":                {map[string]any{"time": "2026-01-02T03:04:05Z"}, "time"},
		"clock":                   {map[string]any{"time": "3:04PM"}, "time"},
		"seconds":                 {map[string]any{"ts": json.Number("1700000000.25")}, "ts"},
		"milliseconds":            {map[string]any{"time": json.Number("1700000000000")}, "time"},
		"seconds in logfmt":       {map[string]any{"ts": "1700000000.25"}, "ts"},
		"its own beside a user's": {map[string]any{"ts": json.Number("1700000000"), "time": "3ms"}, "ts"},
		"a name for nothing else": {map[string]any{"asctime": "now"}, "asctime"},
		"a duration":              {map[string]any{"time": "3ms"}, ""},
		"a count":                 {map[string]any{"time": json.Number("3")}, ""},
		"an object":               {map[string]any{"timestamp": map[string]any{}}, ""},
		"no number":               {map[string]any{"ts": json.Number("1e999999")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			want := len(c.fields)
			if c.dropped != "" {
				want--
			}
			if found := dropTime(c.fields); found != (c.dropped != "") || len(c.fields) != want {
				t.Errorf("found %v, left %v", found, c.fields)
			}
			if _, left := c.fields[c.dropped]; left {
				t.Errorf("%s is still there", c.dropped)
			}
		})
	}
}

func TestALevelThatIsNoneStays(t *testing.T) {
	runLines(t, 0, map[string]lineCase{
		"a customer's":     {`{"msg":"x","level":"gold"}`, "info", "x", `{"level":"gold"}`},
		"a game's":         {`{"msg":"x","level":3}`, "info", "x", `{"level":3}`},
		"the other counts": {`{"msg":"x","level":3,"severity":"ERROR"}`, "error", "x", `{"level":3}`},
		"beside a word":    {`{"msg":"error: x","level":{"a":1}}`, "error", "error: x", `{"level":{"a":1}}`},
	})
}
