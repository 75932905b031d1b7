// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"regexp"
	"strings"
)

// toLineStart matches other ways to go back to the beginning of a line: the terminal's cursor to column 1 (CHA, also
// with 0 or without a number), or left by more columns than a line has (CUB).
var toLineStart = regexp.MustCompile(`\x1b\[(?:[01]?G|\d{3,}D)`)

// lastState returns what a terminal finally shows of an overwritten line: the last text that is not blank after a
// return to the beginning. Without a return it is the whole line.
func lastState(line string) string {
	if strings.IndexByte(line, escape) >= 0 {
		line = toLineStart.ReplaceAllString(line, "\r")
	}
	for {
		begin := strings.LastIndexByte(line, '\r')
		if begin < 0 || strings.TrimSpace(sanitize(line[begin:])) != "" {
			return strings.TrimPrefix(line[max(begin, 0):], "\r")
		}
		line = line[:begin] // it was cleared, or is not written yet
	}
}
