// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"strings"
	"testing"
)

func TestCase33ProgressBarShowsItsLastState(t *testing.T) {
	runLines(t, 0, map[string]lineCase{
		"a percentage":                  {"10%\r20%\r30%", "info", "30%", ""},
		"as Windows ends lines":         {"10%\r20%\r30%\r\n", "info", "30%", ""},
		"tqdm":                          {"\r  0%|          | 0/7\r100%|##########| 7/7 [00:01<00:00]", "info", "100%|##########| 7/7 [00:01<00:00]", ""},
		"wiped by spaces":               {"10%\r     \r", "info", "10%", ""},
		"wiped by an escape":            {"10%\r\x1b[K20%\r\x1b[K", "info", "20%", ""},
		"by the cursor's column":        {"10%\x1b[1G20%\x1b[G30%\x1b[0G\x1b[2K40%", "info", "40%", ""},
		"by a long way to the left":     {"10%\x1b[1000D\x1b[0K20%", "info", "20%", ""},
		"a short way is no return":      {"10%\x1b[2D20%", "info", "10%20%", ""},
		"then a word that states level": {"50%\r\x1b[2KERROR: no space left", "error", "ERROR: no space left", ""},
		"an error before is over":       {"ERROR: trying again\rdone", "info", "done", ""},
		"then JSON":                     {"50%\r" + `{"level":"warn","msg":"x","n":1}`, "warn", "x", `{"n":1}`},
		"in colour":                     {"\x1b[32m10%\x1b[0m\r\x1b[32m20%\x1b[0m", "info", "20%", ""},
		"nothing but returns":           {"\r\r\r", "info", "", ""},
		"one at the start":              {"\rtext", "info", "text", ""},
	})
	long := strings.Repeat("10%\r\x1b[K", 5000)
	if got := Line(noon, []byte(long+"done"), 0).Message; got != "done" {
		t.Errorf("after thousands of states: %q", got)
	}
	if got := Line(noon, []byte("x\r"+strings.Repeat("\r", 1<<20)), 0).Message; got != "x" {
		t.Errorf("before a million returns: %q", got)
	}
	blanks := strings.Repeat(" \r", 1<<20)
	if got := Line(noon, []byte("x\r"+blanks), 0).Message; got != "x" {
		t.Errorf("before a million blanks: %q", got)
	}
}
