// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import "testing"

func TestCase33Monolog(t *testing.T) {
	whole := func(level, line string) lineCase { return lineCase{line, level, line, ""} }
	runLines(t, 0, map[string]lineCase{
		"error":                  whole("error", `[2024-01-01T00:00:00+00:00] app.ERROR: it broke {"user":7} []`),
		"with parts of a second": whole("error", `[2024-01-01T00:00:00.123456+00:00] app.CRITICAL: it broke [] []`),
		"alert":                  whole("error", `[2024-01-01T00:00:00.123456+00:00] app.ALERT: it broke [] []`),
		"emergency":              whole("error", `[2024-01-01T00:00:00.123456+00:00] app.EMERGENCY: it broke [] []`),
		"warning":                whole("warn", `[2024-01-01T00:00:00+00:00] my-channel.WARNING: slow [] []`),
		"notice":                 whole("info", `[2024-01-01T00:00:00+00:00] app.NOTICE: ERROR: is a word [] []`),
		"debug":                  whole("debug", `[2024-01-01T00:00:00+00:00] doctrine.orm.DEBUG: SELECT 1 [] []`),
		"Laravel":                whole("error", `[2024-01-01 00:00:00] production.ERROR: it broke {"exception":"[object] (E(code: 0): x)"} `),
		"no time":                whole("error", `app.ERROR: it broke [] []`),
		"no message":             whole("error", `[2024-01-01T00:00:00+00:00] app.ERROR:`),
		"a level of no logger":   whole("info", `[2024-01-01T00:00:00+00:00] app.GOLD: x [] []`),
		"small letters":          whole("info", `app.error: x`),
		"no channel":             whole("info", `.ERROR: x`),
		"words before":           whole("info", `see app.ERROR: x`),
	})
}
