package parse

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// blanks around a JSON value, RFC 8259. A space that is none of these (U+00A0) is part of a text.
const blanks = " \t\r\n"

// Result reads what a program wrote as its result: a JSON value as such, and any other text as a string, without
// the line breaks at its end; nil when there is nothing but blanks, or null.
//
// A result is data. What the program wrote stays: line breaks, spaces of every kind, marks of direction. What comes
// out is valid UTF-8 without escape sequences and control characters other than line breaks and tabs, has numbers
// that the API server keeps, and is nested at most 16 deep. It takes at most six bytes for one of the text, as where
// each is a < that JSON for browsers escapes.
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
		_, err = decoder.Token() // what follows the value
	}
	if !errors.Is(err, io.EOF) || !representable(value) {
		value = strings.TrimRight(text, "\r\n")
	}
	if value == nil {
		return nil
	}
	raw, err := json.Marshal(resultData.value(value, 1))
	if err != nil {
		return nil // not reached: what was decoded can be encoded
	}
	return raw
}

// representable tells whether a value of its own, such as a text of digits, is no number that would change its
// form: then it is better taken for the text that it is.
func representable(value any) bool {
	number, ok := value.(json.Number)
	if !ok {
		return true
	}
	_, asText := storable(number).(string)
	return !asText
}

// Mended takes what a cut left of a character off both ends of a text: the bytes after the one that began it, the
// bytes before the one that would have ended it, and the U+FFFD that the API server puts in the place of each.
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
