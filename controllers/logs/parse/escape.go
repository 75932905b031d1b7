// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

const (
	escape = 0x1b
	bell   = 0x07
)

// sequenceLength returns the length in bytes of the escape sequence at the start of s, or 0. A sequence begins with ESC
// and one more byte, or with the C1 control that replaces both.
//
// If a sequence has no end, only its beginning counts: the rest is text that may be needed, and is harmless without the
// beginning. The search stops at the next beginning, in either form, so the cost is linear for any number of sequences.
func sequenceLength(s string) int {
	var kind byte
	var start int
	switch {
	case s[0] == escape && len(s) > 1:
		kind, start = s[1], 2
	case s[0] == escape:
		return 1
	case s[0] == 0xc2 && len(s) > 1 && s[1] >= 0x80 && s[1] <= 0x9f: // UTF-8 for C1
		kind, start = s[1]-0x40, 2
		if kind == 'E' {
			return 0 // U+0085 is a line break
		}
	default:
		return 0
	}
	switch {
	case kind == '[':
		return start + controlLength(s[start:])
	case kind == ']', kind == 'P', kind == 'X', kind == '^', kind == '_':
		return start + stringLength(s[start:])
	case kind >= 0x20 && kind <= 0x2f: // a character set: intermediates and a final byte
		for start < len(s) && s[start] >= 0x20 && s[start] <= 0x2f {
			start++
		}
		if start < len(s) && s[start] >= 0x30 && s[start] <= 0x7e {
			start++
		}
		return start
	case kind >= 0x30 && kind <= 0x7e:
		return start
	default:
		return 1 // ESC before a control character or another rune
	}
}

// controlLength returns the length of the rest of a control sequence: parameters and intermediates, then a final byte.
func controlLength(s string) int {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 0x40 && c <= 0x7e:
			return i + 1
		case c < 0x20 || c > 0x7e:
			return i // no final byte: what follows is text
		}
	}
	return len(s)
}

// stringLength returns the length of the rest of a sequence with a string (a window title, a link). It ends with BEL or
// ST, which is ESC \ or its C1 control.
func stringLength(s string) int {
	for i := range len(s) {
		switch s[i] {
		case bell:
			return i + 1
		case escape:
			if i+1 < len(s) && s[i+1] == '\\' {
				return i + 2
			}
			return 0
		case 0xc2:
			if i+1 < len(s) && s[i+1] == 0x9c {
				return i + 2
			}
			if i+1 < len(s) && s[i+1] >= 0x80 && s[i+1] <= 0x9f {
				return 0 // as with ESC, another sequence begins
			}
		}
	}
	return 0
}
