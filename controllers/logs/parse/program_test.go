// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import "testing"

func TestCase33LevelAfterTheProgram(t *testing.T) {
	whole := func(level, line string) lineCase { return lineCase{line, level, line, ""} }
	runLines(t, 0, map[string]lineCase{
		"a program's":         whole("error", "psql: error: connection refused"),
		"with its number":     whole("error", "sshd[7]: error: no such user"),
		"a compiler's":        whole("error", "main.c:3:5: error: expected ';'"),
		"a compiler's fatal":  whole("error", "main.c:3:5: fatal error: x.h: No such file"),
		"a compiler's other":  whole("warn", "main.c:3:5: warning: unused"),
		"a script's":          whole("error", "psql:seed.sql:3: ERROR:  relation does not exist"),
		"nginx at its start":  whole("error", `nginx: [emerg] host not found in upstream "a"`),
		"nginx's warning":     whole("warn", "nginx: [warn] conflicting server name"),
		"nginx":               whole("error", "2026/01/02 12:00:00 [crit] 7#7: *1 connect() failed"),
		"of Go's log":         whole("error", "2026/01/02 12:00:00 main.go:12: ERROR: x"),
		"no program":          whole("info", "the last one: error: x"),
		"an address":          whole("info", "http://error: x"),
		"no level":            whole("info", "ls: cannot access 'x': No such file"),
		"a pair":              whole("info", `"a": error: x`),
		"a word that is none": whole("info", "app: errors: 0"),
	})
}
