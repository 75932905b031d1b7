// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import "testing"

func TestCase33LevelInALetter(t *testing.T) {
	whole := func(level, line string) lineCase { return lineCase{line, level, line, ""} }
	runLines(t, 0, map[string]lineCase{
		"Ruby's error":       whole("error", `E, [2024-01-01T00:00:00.123456 #123] ERROR -- : it broke`),
		"Ruby's fatal":       whole("error", `F, [2024-01-01T00:00:00.123456 #123] FATAL -- app: it broke`),
		"Ruby's warning":     whole("warn", `W, [2024-01-01T00:00:00.123456 #123]  WARN -- : slow`),
		"Ruby's information": whole("info", `I, [2024-01-01T00:00:00.123456 #123]  INFO -- : ERROR: is a word`),
		"Ruby's debug":       whole("debug", `D, [2024-01-01T00:00:00.123456 #123] DEBUG -- : SELECT 1`),
		"Ruby's unknown":     whole("info", `A, [2024-01-01T00:00:00.123456 #123]   ANY -- : x`),
		"an older Ruby's":    whole("error", `E, [2024-01-01T00:00:00#123] ERROR -- : it broke`),
		"Tornado's":          whole("error", `[E 240101 00:00:00 web:1789] it broke`),
		"Jupyter's":          whole("warn", `[W 2024-01-01 00:00:00.123 ServerApp] slow`),
		"prose":              whole("info", `E, the base of logarithms`),
		"a list":             whole("info", `E, [1, 2]`),
		"a letter of others": whole("info", `X, [2024-01-01T00:00:00 #123] x`),
	})
}
