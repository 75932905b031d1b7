// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import "testing"

func TestCase33SyslogPriority(t *testing.T) {
	runLines(t, 0, map[string]lineCase{
		"sd-daemon":           {"<3>disk full", "error", "<3>disk full", ""},
		"a warning":           {"<4>disk nearly full", "warn", "<4>disk nearly full", ""},
		"a notice":            {"<5>disk added", "info", "<5>disk added", ""},
		"debug":               {"<7>disk polled", "debug", "<7>disk polled", ""},
		"with a facility":     {"<11>Jan  2 12:00:00 host app: x", "error", "<11>Jan  2 12:00:00 host app: x", ""},
		"RFC 5424":            {"<165>1 2026-01-02T12:00:00Z host app - - x", "info", "<165>1 2026-01-02T12:00:00Z host app - - x", ""},
		"beyond the last":     {"<192>x", "info", "<192>x", ""},
		"four digits":         {"<1000>x", "info", "<1000>x", ""},
		"no end":              {"<3", "info", "<3", ""},
		"no digits":           {"<>", "info", "<>", ""},
		"an element":          {"<h3>x</h3>", "info", "<h3>x</h3>", ""},
		"journald":            {`{"PRIORITY":"3","MESSAGE":"x"}`, "error", "x", ""},
		"journald's number":   {`{"PRIORITY":6,"MESSAGE":"x"}`, "info", "x", ""},
		"a priority of tasks": {`{"priority":"3","message":"x"}`, "info", "x", `{"priority":"3"}`},
		"one of other things": {`{"PRIORITY":"high","MESSAGE":"x"}`, "info", "x", `{"PRIORITY":"high"}`},
	})
}
