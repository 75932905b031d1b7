// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package logs

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxRanges bounds how many places in one message are told.
const maxRanges = 100

// matcher finds a text or an expression in lines. It is pure.
type matcher struct {
	// literal is searched for byte by byte, unless there is an expression. With fold it is in lower case and ASCII.
	literal []byte
	fold    bool
	// expression is nil for most literals.
	expression *regexp.Regexp
}

// newMatcher returns a matcher of a literal text, or of an expression of RE2. The error says what is wrong with the
// expression.
func newMatcher(text string, isExpression, ignoreCase bool) (matcher, error) {
	ascii := !strings.ContainsFunc(text, func(c rune) bool { return c >= utf8.RuneSelf })
	switch {
	case isExpression && ignoreCase:
		text = "(?i:" + text + ")"
	case isExpression:
	case !ignoreCase:
		return matcher{literal: []byte(text)}, nil
	case ascii && !strings.ContainsAny(text, "kKsS"): // these two have other forms beyond ASCII
		return matcher{literal: []byte(strings.ToLower(text)), fold: true}, nil
	default:
		text = "(?i)" + regexp.QuoteMeta(text)
	}
	expression, err := regexp.Compile(text)
	return matcher{expression: expression}, err
}

// matches reports whether a text matches.
func (m *matcher) matches(text []byte) bool {
	if m.expression != nil {
		return m.expression.Match(text)
	}
	return m.index(text) >= 0
}

// places returns the offsets of the matches in a text in bytes, at most maxRanges. Empty matches are left out.
func (m *matcher) places(text []byte) (all [][]int) {
	if m.expression != nil {
		all = m.expression.FindAllIndex(text, maxRanges)
		return slices.DeleteFunc(all, func(at []int) bool { return at[0] == at[1] })
	}
	for from := 0; len(all) < maxRanges; from = all[len(all)-1][1] {
		at := m.index(text[from:])
		if at < 0 {
			break
		}
		all = append(all, []int{from + at, from + at + len(m.literal)})
	}
	return all
}

// index returns where the literal begins in a text, or -1.
func (m *matcher) index(text []byte) int {
	if m.fold {
		return indexFold(text, m.literal)
	}
	return bytes.Index(text, m.literal)
}

// Range is a place in a text, in UTF-16 code units, as JavaScript and Java count.
type Range struct {
	// Start is the offset of the first unit.
	Start int `json:"start"`
	// End is the offset after the last unit.
	End int `json:"end"`
}

// ranges returns where a message matches, at most maxRanges places.
func (m *matcher) ranges(message string) []Range {
	all, text, done, units := []Range{}, []byte(message), 0, 0
	for _, at := range m.places(text) {
		start := units + unitsOf(text[done:at[0]])
		done, units = at[1], start+unitsOf(text[at[0]:at[1]])
		all = append(all, Range{start, units})
	}
	return all
}

// unitsOf returns the length of a text in UTF-16 code units.
func unitsOf(text []byte) (n int) {
	for len(text) > 0 {
		c, width := utf8.DecodeRune(text)
		n += utf16.RuneLen(c)
		text = text[width:]
	}
	return n
}

// indexFold returns where a text in lower case begins in another text, in letters of any case, or -1. Only ASCII letters
// have cases.
func indexFold(text, lower []byte) int {
	if len(lower) == 0 {
		return 0
	}
	small, large := lower[0], upper(lower[0])
	for from := 0; len(text)-from >= len(lower); {
		rest := text[from : len(text)-len(lower)+1]
		at := bytes.IndexByte(rest, small)
		if large != small {
			if at >= 0 {
				rest = rest[:at]
			}
			if other := bytes.IndexByte(rest, large); other >= 0 {
				at = other
			}
		}
		if at < 0 {
			return -1
		}
		if from += at; equalFold(text[from:from+len(lower)], lower) {
			return from
		}
		from++
	}
	return -1
}

func equalFold(text, lower []byte) bool {
	for i, c := range text {
		if c != lower[i] && c != upper(lower[i]) {
			return false
		}
	}
	return true
}

func upper(c byte) byte {
	if 'a' <= c && c <= 'z' {
		return c - ('a' - 'A')
	}
	return c
}
