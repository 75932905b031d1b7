// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"strings"
	"unicode/utf8"
)

// cutMark ends a text that was cut.
const cutMark = " …"

// OneLine makes a text from outside, such as a pod's message, as harmless as a log line: no escape sequences, control
// characters or line breaks, and no spaces around.
func OneLine(text string) string { return strings.TrimSpace(sanitize(text)) }

// Harmless is OneLine with a bound in bytes. It keeps the beginning of a longer text.
func Harmless(text string, most int) string {
	text = OneLine(text)
	if len(text) <= most {
		return text
	}
	cut := max(0, most-len(cutMark))
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + cutMark
}
