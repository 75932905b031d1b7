package parse

import (
	"strings"
	"unicode/utf8"
)

// cutMark ends a text of which something is missing.
const cutMark = " …"

// OneLine makes a text from outside that is no line of a log, such as the message of a pod, as harmless as one: no
// escape sequences, no control characters, no line breaks, no spaces around.
func OneLine(text string) string { return strings.TrimSpace(sanitize(text)) }

// Harmless is OneLine, of at most so many bytes: of more, it keeps the beginning.
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
