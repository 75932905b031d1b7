// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// rule says which characters stay in a text that terminals or editors act on.
type rule func(r rune) (stays bool)

// These are the rules, the strictest first. The kind of text decides, not its source:
//
//	oneLine  messages, and the names in data  nothing stays; a line break becomes a space
//	asRead   a line before it is read         the line breaks of Unicode, which JSON may hold as they are
//	inData   values in the data of a log      line breaks: a stack trace has many
//	inResult results                          line breaks, and marks of direction (bidi) and order (BOM) too
//
// JSON escapes what oneLine removes, so values may keep it.
var (
	oneLine  rule = func(rune) bool { return false }
	asRead   rule = func(r rune) bool { return r >= utf8.RuneSelf && breaksLine(r) }
	inData   rule = breaksLine
	inResult rule = func(r rune) bool { return breaksLine(r) || marksDirection(r) || r == byteOrderMark }
)

const byteOrderMark = '\ufeff'

// sanitize makes a text harmless, and one line.
func sanitize(s string) string { return oneLine.apply(s) }

// apply makes a text harmless. Invalid UTF-8 becomes U+FFFD. Escape sequences (ECMA-48), control characters but the
// tab, and marks that change the direction of text (CVE-2021-42574) are removed, unless the rule lets them stay. A line
// break that does not stay becomes a space.
func (keeps rule) apply(s string) string {
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
		case keeps(r):
			b.WriteRune(r)
		case breaksLine(r):
			if !broken {
				b.WriteByte(' ')
			}
			broken = true
			continue
		case !forbidden(r):
			b.WriteRune(r) // U+FFFD for invalid UTF-8
		}
		broken = false
	}
	return b.String()
}

// clean reports whether a text is harmless already, which is the ordinary case. Then nothing is copied.
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

// forbidden reports whether a text of one line must not have a rune.
func forbidden(r rune) bool {
	switch {
	case r == '\t':
		return false
	case unicode.IsControl(r), breaksLine(r), marksDirection(r): // C0, DEL, C1
		return true
	default:
		return r == byteOrderMark
	}
}

func marksDirection(r rune) bool {
	return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' || r == '\u200e' || r == '\u200f' || r == '\u061c'
}
