// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import "testing"

func TestAfterStamps(t *testing.T) {
	for line, want := range map[string]string{
		"":                                 "",
		"text":                             "text",
		"2026-01-02 12:00:00 text":         "text",
		"2026-01-02T12:00:00Z":             "2026-01-02T12:00:00Z", // nothing follows
		"[2026-01-02 12:00:00 +0000] text": "text",
		"[7] text":                         "text",
		"7 text":                           "7 text",
		"02 Jan 2026 12:00:00 CEST text":   "text",
		"Jan 2, 2026 12:00:00 PM text":     "PM text",
		"May I":                            "I",
		"March on":                         "March on",
		"| text":                           "text",
	} {
		if got := afterStamps(line); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}
