// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// blanks around a JSON value (RFC 8259). Other spaces, such as U+00A0, are part of a text.
const blanks = " \t\r\n"

// Result parses a program's result: a JSON value as such, and any other text as a string without the line breaks at its
// end. It returns nil for null and for blanks.
//
// A result is data, so line breaks, all kinds of spaces and marks of direction stay. The returned value is valid UTF-8
// without escape sequences and without control characters other than line breaks and tabs, has only numbers that the
// API server keeps, and is nested at most 16 deep. It takes at most six bytes for each byte of the text, for example
// when each is a <, which JSON for browsers escapes.
func Result(text string) []byte {
	text = strings.TrimPrefix(text, string(byteOrderMark))
	if strings.Trim(text, blanks) == "" {
		return nil
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var value any
	err := decoder.Decode(&value)
	if err == nil {
		_, err = decoder.Token() // there must be nothing after the value
	}
	if !errors.Is(err, io.EOF) || !representable(value) {
		value = strings.TrimRight(text, "\r\n")
	}
	if value == nil {
		return nil
	}
	raw, err := json.Marshal(resultData.value(value, 1))
	if err != nil {
		return nil // unreachable: a decoded value can be encoded
	}
	return raw
}

// representable reports whether a single value, such as a text of digits, is no number that the API server would
// change. Such a number is better kept as text.
func representable(value any) bool {
	number, ok := value.(json.Number)
	if !ok {
		return true
	}
	_, asText := storable(number).(string)
	return !asText
}

// Mended removes parts of a cut character from both ends of a text: bytes of UTF-8 without their beginning or end, and
// the U+FFFD that the API server puts in their place.
func Mended(text string) string {
	for range utf8.UTFMax - 1 {
		switch {
		case text != "" && !utf8.RuneStart(text[0]):
			text = text[1:]
		case strings.HasPrefix(text, string(utf8.RuneError)):
			text = text[len(string(utf8.RuneError)):]
		}
	}
	for range utf8.UTFMax - 1 {
		switch r, size := utf8.DecodeLastRuneInString(text); {
		case r == utf8.RuneError && size > 0:
			text = text[:len(text)-size]
		default:
			return text
		}
	}
	return text
}
