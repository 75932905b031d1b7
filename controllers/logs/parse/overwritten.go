package parse

import (
	"regexp"
	"strings"
)

// toLineStart are the other ways to go back to the beginning of a line: the cursor to column 1 (CHA, also as its
// default and as 0), or left by so many columns that no line is longer (CUB).
var toLineStart = regexp.MustCompile(`\x1b\[(?:[01]?G|\d{3,}D)`)

// lastState is what a terminal shows at the end of a line that was written over: what follows the last return to
// its beginning and is not blank. A line that never returns is all of it.
func lastState(line string) string {
	if strings.IndexByte(line, escape) >= 0 {
		line = toLineStart.ReplaceAllString(line, "\r")
	}
	for {
		begin := strings.LastIndexByte(line, '\r')
		if begin < 0 || strings.TrimSpace(sanitize(line[begin:])) != "" {
			return strings.TrimPrefix(line[max(begin, 0):], "\r")
		}
		line = line[:begin] // it was wiped, or is about to be written
	}
}
