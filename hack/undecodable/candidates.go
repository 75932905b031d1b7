// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package undecodable

import "strings"

// texts are valid or almost valid quantities, durations, times, base64 and numbers.
var texts = []any{
	"", "x", "1", "-1", "0", "1.5", "1e1.5", "1e+1.5", "1E.5", "1e3", "1e99999999999", "1e1000000", "1e-1000000", "5Ki", "5k", "5 Ki", ".5", "5.", "+5", "1e",
	"99999999999999999999999999", "0x10", "Infinity", "NaN",
	"30s", "1h30", "1h30m", "5 parsecs", "-1s", "1d", "1s2", "999999h", "9999999h", "99999999h", ".5s", "1e3s",
	"2026-01-02", "2026-01-02T15:04:05", "2026-01-02T15:04:05Z", "2026-01-02T15:04:05.5Z", "2026-01-02T15:04:05.000000Z",
	"2026-01-02T15:04:05.000000000Z", "2026-01-02T15:04:05,5Z", "2026-01-02T15:04:05+0100", "2026-01-02T15:04:05+01:00", "2026-01-02T15:04:05+25:00",
	"2026-01-02 15:04:05Z", "2026-01-02t15:04:05z", "2026-13-02T15:04:05Z", "2026-01-02T24:00:00Z", "2026-01-02T15:04:60Z", "2026-02-30T15:04:05Z", "12026-01-02T15:04:05Z", "2026-01-02T15:04Z",
	"10%", "80808080808", "\x00", "\u2028", strings.Repeat("9", 300), strings.Repeat("x", 5000),
	"AAAA", "AAA=", "A", "!!",
}

// integers are at the limits of Go's types and beyond them.
var integers = []any{
	int64(0), int64(1), int64(-1), int64(1<<31 - 1), int64(1 << 31), int64(-1 << 31), int64(-1<<31 - 1), int64(80808080808),
	int64(1<<63 - 1), int64(-1 << 63), float64(1 << 63), 1e30, -1e30, 1.0, 1.5, 1e-7,
}

// documents are arbitrary JSON, for fields without a schema.
var documents = []any{
	map[string]any{},
	map[string]any{"a": nil, "": 1e30, "b": []any{nil, []any{}}, "\x00": "\x00"},
	[]any{},
	"x", int64(1), 1e30, nil,
	nested(100),
}

func nested(depth int) any {
	var value any = map[string]any{}
	for range depth {
		value = map[string]any{"a": value}
	}
	return value
}
