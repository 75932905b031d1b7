// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package redact

import (
	"bytes"
	"html"
	"slices"
	"sort"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// view is one decoding of a text: each byte, and its place in the text.
type view struct {
	text []byte
	// from has the place in the text of each byte. It is nil for the text itself.
	from []span
}

// place returns the place in the text of a part of the view.
func (v *view) place(s span) span {
	if v.from == nil {
		return s
	}
	return span{v.from[s.start].start, v.from[s.end-1].end}
}

// boundary returns the last place in the text, not after at, that is not within an escape.
func (v *view) boundary(at int) int {
	if len(v.from) == 0 {
		return at
	}
	i := sort.Search(len(v.from), func(i int) bool { return v.from[i].end > at })
	if i < len(v.from) {
		return min(at, v.from[i].start)
	}
	return at
}

// escape decodes an escape at the beginning of a text. It returns the bytes that the escape means, and the length of
// the escape in bytes, or 0 if there is no escape.
type escape func(text []byte) (means []byte, takes int)

// depth is how often a text is decoded: JSON in JSON, a URL in JSON.
const depth = 2

const (
	// maxGrowth is how many bytes of a text may stand for one byte of a value: \u0026, percent-encoded.
	maxGrowth = 18
	// maxEscape is how long an escape may be in bytes, over all depths.
	maxEscape = 12 * 12
)

// decodings are the ways to decode a text, each with the bytes that begin its escapes. A text without such a byte is
// not decoded.
var decodings = []struct {
	first string
	read  escape
}{
	{"%", percent},
	{"%", unicodePercent},
	{"%+", form},
	{`\'`, backslash(false)},
	{`\`, backslash(true)},
	{"&", entity},
}

// views returns all ways to read a text. There are 43 at most, and one for a text without escapes.
func views(text []byte) []view {
	all := []view{{text: text}}
	for from, step := 0, 0; step < depth; step++ {
		to := len(all)
		for ; from < to; from++ {
			for _, d := range decodings {
				if !bytes.ContainsAny(all[from].text, d.first) {
					continue
				}
				if decoded, changed := all[from].decode(d.first, d.read); changed && !slices.ContainsFunc(all, decoded.equal) {
					all = append(all, decoded)
				}
			}
		}
	}
	return all
}

func (v *view) equal(other view) bool { return bytes.Equal(v.text, other.text) }

// decode decodes one kind of escape.
func (v *view) decode(first string, read escape) (decoded view, changed bool) {
	decoded = view{text: make([]byte, 0, len(v.text)), from: make([]span, 0, len(v.text))}
	for at := 0; at < len(v.text); {
		means, takes := []byte(nil), 0
		if bytes.IndexByte([]byte(first), v.text[at]) >= 0 {
			means, takes = read(v.text[at:])
		}
		if takes == 0 {
			means, takes = v.text[at:at+1], 1
		} else {
			changed = true
		}
		place := v.place(span{at, at + takes})
		for _, b := range means {
			decoded.text, decoded.from = append(decoded.text, b), append(decoded.from, place)
		}
		at += takes
	}
	return decoded, changed
}

// percent decodes the escapes of URLs (RFC 3986). %FC is a byte.
func percent(text []byte) ([]byte, int) {
	if text[0] != '%' {
		return nil, 0
	}
	if c, ok := hexadecimal(text, 1, 2); ok {
		return []byte{byte(c)}, 3
	}
	return nil, 0
}

// unicodePercent decodes those of JavaScript's escape(). %FC is a character, and %uXXXX is a character or half of one
// (UTF-16).
func unicodePercent(text []byte) ([]byte, int) {
	if text[0] != '%' {
		return nil, 0
	}
	if c, ok := hexadecimal(text, 1, 2); ok {
		return utf8.AppendRune(nil, c), 3
	}
	if len(text) < 2 || text[1] != 'u' {
		return nil, 0
	}
	return utf16Escape(text, "%u")
}

// form decodes those of application/x-www-form-urlencoded. + is a space.
func form(text []byte) ([]byte, int) {
	if text[0] == '+' {
		return []byte{' '}, 1
	}
	return percent(text)
}

// entity decodes those of HTML and XML.
func entity(text []byte) ([]byte, int) {
	const longest = 12
	end := bytes.IndexByte(text[:min(len(text), longest)], ';')
	if end < 0 {
		return nil, 0
	}
	token := string(text[:end+1])
	if means := html.UnescapeString(token); means != token {
		return []byte(means), len(token)
	}
	return nil, 0
}

// controls are the control characters with a one-letter escape.
var controls = map[byte]byte{'n': '\n', 't': '\t', 'r': '\r', 'b': '\b', 'f': '\f', 'v': '\v', 'a': '\a', 'e': 0x1b}

// backslash decodes the escapes of JSON, of string literals in Go, Python, JavaScript and others, and of shells. \xfc
// is a byte in some of them and a character in others (runes).
func backslash(runes bool) escape {
	return func(text []byte) ([]byte, int) {
		switch {
		case text[0] == '\'':
			return quoteInQuotes(text)
		case text[0] != '\\' || len(text) < 2:
			return nil, 0
		}
		switch c := text[1]; {
		case c == 'u':
			if means, takes := unicodeEscape(text); takes > 0 {
				return means, takes
			}
		case c == 'U':
			if r, ok := hexadecimal(text, 2, 8); ok {
				return utf8.AppendRune(nil, r), 10
			}
		case c == 'x':
			if r, ok := hexadecimal(text, 2, 2); ok && runes {
				return utf8.AppendRune(nil, r), 4
			} else if ok {
				return []byte{byte(r)}, 4
			}
		case c >= '0' && c <= '7':
			return octal(text)
		}
		if c, is := controls[text[1]]; is {
			return []byte{c}, 2
		}
		return text[1:2], 2
	}
}

// quoteInQuotes decodes a single quote within a shell's single-quoted word.
func quoteInQuotes(text []byte) ([]byte, int) {
	for _, way := range []string{`'\''`, `'"'"'`} {
		if bytes.HasPrefix(text, []byte(way)) {
			return []byte{'\''}, len(way)
		}
	}
	return nil, 0
}

// unicodeEscape decodes \u0026, \u{26}, and a pair of \uXXXX that is one character (UTF-16).
func unicodeEscape(text []byte) ([]byte, int) {
	if len(text) > 2 && text[2] == '{' {
		end := bytes.IndexByte(text[:min(len(text), 10)], '}')
		if end < 0 {
			return nil, 0
		}
		r, ok := hexadecimal(text, 3, end-3)
		if !ok {
			return nil, 0
		}
		return utf8.AppendRune(nil, r), end + 1
	}
	return utf16Escape(text, `\u`)
}

// utf16Escape decodes four digits after a prefix of two bytes, and a pair of them that is one character.
func utf16Escape(text []byte, prefix string) ([]byte, int) {
	r, ok := hexadecimal(text, 2, 4)
	if !ok {
		return nil, 0
	}
	if utf16.IsSurrogate(r) && len(text) >= 12 && string(text[6:8]) == prefix {
		if second, ok := hexadecimal(text, 8, 4); ok {
			if both := utf16.DecodeRune(r, second); both != utf8.RuneError {
				return utf8.AppendRune(nil, both), 12
			}
		}
	}
	return utf8.AppendRune(nil, r), 6
}

// octal decodes \ and one to three digits.
func octal(text []byte) ([]byte, int) {
	value, n := 0, 1
	for n < 4 && n < len(text) && text[n] >= '0' && text[n] <= '7' && value*8+int(text[n]-'0') <= 255 {
		value = value*8 + int(text[n]-'0')
		n++
	}
	return []byte{byte(value)}, n
}

// hexadecimal decodes a number of digits.
func hexadecimal(text []byte, at, digits int) (rune, bool) {
	if digits < 1 || len(text) < at+digits {
		return 0, false
	}
	for _, c := range text[at : at+digits] {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return 0, false
		}
	}
	value, err := strconv.ParseUint(string(text[at:at+digits]), 16, 32)
	if err != nil || value > utf8.MaxRune {
		return 0, false
	}
	return rune(value), true
}
