// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"regexp"
	"strings"
)

// maxStamps is how many stamps are removed from a line: "Fri, 02 Jan 2026 12:00:00 +0000 [7] | " has seven.
const maxStamps = 8

// aStamp matches what loggers write before the level: a part of a date, with or without brackets, the number of a
// process in brackets, a year at the end of brackets, or a dash between them. A number alone is not a timestamp: "3 ERROR
// lines".
var aStamp = regexp.MustCompile(`^(?:\[\d+\]\s*|[|-]\s+|(?:19|20)\d\d\]\s*|[\[(]?(?:` + strings.Join([]string{
	`\d\d?[/-](?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[/-]\d{2,4}(?::[\d:]+)?`,
	`\d+[:./-][\d:.,/TZ+-]*(?:[AP]M)?`, // date, clock, or both
	`(?:\d\d )?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)(?: +\d\d?,?)?(?: \d{4})?`,
	`(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),?`,
	`[+-]\d\d:?\d\d|UTC|GMT|CET|[A-Z]{1,3}[SD]T`, // zone
	`\d{10,}(?:\.\d+)?`,                          // seconds since 1970, or parts of them
}, "|") + `)(?:[\])]\s*|\s+))`)

// afterStamps returns a line without the stamps at its start.
func afterStamps(head string) string {
	for range maxStamps {
		if head == "" || !mayStamp(head[0]) {
			return head
		}
		stamp := aStamp.FindString(head)
		if stamp == "" {
			return head
		}
		head = head[len(stamp):]
	}
	return head
}

// mayStamp avoids the search in most lines without a stamp.
func mayStamp(first byte) bool {
	return first >= '0' && first <= '9' || first >= 'A' && first <= 'Z' || strings.IndexByte("[(|+-", first) >= 0
}
