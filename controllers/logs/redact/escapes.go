// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package redact

import (
	"bytes"
	"html"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

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
