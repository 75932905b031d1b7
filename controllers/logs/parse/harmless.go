package parse

import (
	"strings"
	"unicode/utf8"
)

// cutMark ends a text of which something is missing.
const cutMark = " …"

// Harmless makes a text from outside that is no line of a log, such as the message of a pod, as harmless as one: no
// escape sequences, no control characters, no line breaks. Of more than most bytes it keeps the beginning.
func Harmless(text string, most int) string {
	text = strings.TrimSpace(sanitize(text))
	if len(text) <= most {
		return text
	}
	cut := max(0, most-len(cutMark))
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + cutMark
}
