package parse

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	escape = 0x1b
	bell   = 0x07
)

// sanitize makes a text harmless: invalid UTF-8 becomes U+FFFD; escape sequences (ECMA-48), control characters
// but the tab, and marks that turn the direction of text around (CVE-2021-42574) are taken out.
func sanitize(s string) string {
	if clean(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); {
		if s[i] == escape {
			i += escapeLength(s[i:])
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		if !forbidden(r) {
			b.WriteRune(r) // U+FFFD for what is no rune
		}
	}
	return b.String()
}

// clean is the ordinary case, for which nothing is copied.
func clean(s string) bool {
	for i := range len(s) {
		if c := s[i]; c >= utf8.RuneSelf || (c < ' ' && c != '\t') || c == 0x7f {
			return utf8.ValidString(s) && strings.IndexFunc(s, forbidden) < 0
		}
	}
	return true
}

func forbidden(r rune) bool {
	switch {
	case r == '\t':
		return false
	case unicode.IsControl(r), r == '\u2028', r == '\u2029':
		return true
	case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069', r == '\u200e', r == '\u200f', r == '\u061c':
		return true
	default:
		return false
	}
}

// escapeLength gives how many bytes the escape sequence at the start of s takes, at least 1.
func escapeLength(s string) int {
	if len(s) < 2 {
		return len(s)
	}
	switch s[1] {
	case '[': // control sequence: parameters and intermediates, then a final byte
		for i := 2; i < len(s); i++ {
			if s[i] >= 0x40 && s[i] <= 0x7e {
				return i + 1
			}
			if s[i] < 0x20 || s[i] > 0x7e {
				return i // broken off: what follows is text
			}
		}
		return len(s)
	case ']', 'P', 'X', '^', '_': // a string, ended by BEL or ESC \
		for i := 2; i < len(s); i++ {
			if s[i] == bell {
				return i + 1
			}
			if s[i] == escape {
				if i+1 < len(s) && s[i+1] == '\\' {
					return i + 2
				}
				return i
			}
		}
		return len(s)
	default:
		if s[1] >= 0x20 && s[1] <= 0x2f && len(s) > 2 { // nF: intermediates and a final byte
			return 3
		}
		if s[1] < utf8.RuneSelf {
			return 2
		}
		return 1
	}
}

// bounded cuts a message to MaxMessage bytes, between runes, and says how many bytes are missing, with those
// that were not even read.
func bounded(message string, missing int64) string {
	if missing == 0 && len(message) <= MaxMessage {
		return message
	}
	const mark = " … (%d bytes more)"
	const room = MaxMessage - len(mark) - 20 // digits of any int64
	cut := min(len(message), room)
	for cut > 0 && cut < len(message) && !utf8.RuneStart(message[cut]) {
		cut--
	}
	return message[:cut] + fmt.Sprintf(mark, int64(len(message)-cut)+missing)
}
