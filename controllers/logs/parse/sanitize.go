package parse

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// sanitize makes a text harmless: invalid UTF-8 becomes U+FFFD; escape sequences (ECMA-48), control characters
// but the tab, and marks that turn the direction of text around (CVE-2021-42574) are taken out. A line break
// becomes a space, so that the words on both sides stay apart.
func sanitize(s string) string {
	if clean(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	broken := false // the last rune was part of a line break
	for i := 0; i < len(s); {
		if n := sequenceLength(s[i:]); n > 0 {
			i += n
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		switch {
		case breaksLine(r):
			if !broken {
				b.WriteByte(' ')
			}
			broken = true
			continue
		case !forbidden(r):
			b.WriteRune(r) // U+FFFD for what is no rune
		}
		broken = false
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

func breaksLine(r rune) bool {
	switch r {
	case '\n', '\v', '\f', '\r', '\u0085', '\u2028', '\u2029':
		return true
	default:
		return false
	}
}

func forbidden(r rune) bool {
	switch {
	case r == '\t':
		return false
	case unicode.IsControl(r), breaksLine(r), r == '\ufeff': // C0, DEL, C1; a byte order mark
		return true
	case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069', r == '\u200e', r == '\u200f', r == '\u061c':
		return true
	default:
		return false
	}
}
