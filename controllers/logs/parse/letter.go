// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import "regexp"

// aLetter matches the beginning of lines with a level of one letter: "E, [2024-01-01T00:00:00 #7] ERROR -- : x" (Ruby's
// Logger, which writes A when there is no level) and "[E 240101 00:00:00 web:7] x" (Tornado, Jupyter).
var aLetter = regexp.MustCompile(`^(?:([DIWEFA]), \[\d{4}-|\[([DIWEC]) \d)`)

// letter returns the level word for the letter with which a line begins.
func letter(head string) string {
	if len(head) < 4 || head[1] != ',' && head[0] != '[' {
		return "" // nearly all lines
	}
	found := aLetter.FindStringSubmatch(head)
	if found == nil {
		return ""
	}
	switch found[1] + found[2] {
	case "D":
		return "debug"
	case "W":
		return "warn"
	case "E", "F", "C":
		return "error"
	default:
		return "info"
	}
}
