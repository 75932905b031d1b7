// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package params

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	// maxDepth bounds the nesting. The API server allows 100 in a whole object (kubernetes/kubernetes#83261).
	maxDepth = 64
	// maxExponent bounds the exponent of a number, as for float64 and the API server. The validator computes exact
	// fractions, for which 1e999999999 takes a gigabyte.
	maxExponent = 308
)

// decode decodes one JSON value, with numbers as they are written. It is stricter than encoding/json where two readers
// could understand a text differently: it allows no duplicate keys, no invalid UTF-8, no half of a surrogate pair, and
// nothing after the end.
func decode(raw []byte) (value any, problem string) { return decodeUpTo(raw, maxDepth) }

// CheckJSON returns what is wrong with a JSON document that contains params, or empty. It is as strict as Apply, so
// that no part of the document is ambiguous.
func CheckJSON(document []byte) (problem string) {
	_, problem = decodeUpTo(document, maxDepth+1)
	return problem
}

func decodeUpTo(raw []byte, depth int) (value any, problem string) {
	if !utf8.Valid(raw) {
		return nil, "the JSON is not valid UTF-8"
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	value, err := decodeValue(decoder, depth)
	if err == nil {
		if _, end := decoder.Token(); !errors.Is(end, io.EOF) {
			err = errors.New("there is more text after the value")
		}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("it ends too early")
	}
	if err != nil {
		return nil, fmt.Sprintf("not valid JSON at byte %d: %v", decoder.InputOffset(), err)
	}
	if at := loneSurrogate(raw); at >= 0 {
		return nil, fmt.Sprintf("not valid JSON at byte %d: this escape is half of a surrogate pair, not a character", at) // not quoted: it may be sensitive
	}
	return value, ""
}

// escapeLength is the length of \uXXXX in bytes.
const escapeLength = 6

// loneSurrogate returns the position of the first \uXXXX in valid JSON that is half of a surrogate pair without the
// other half, or -1. Go's decoder replaces it by U+FFFD without an error.
func loneSurrogate(raw []byte) int {
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		r := escaped(raw[i:])
		switch {
		case !utf16.IsSurrogate(r):
			i++ // the escaped character may be a backslash
		case utf16.DecodeRune(r, escaped(raw[i+escapeLength:])) == utf8.RuneError:
			return i
		default:
			i += 2*escapeLength - 1
		}
	}
	return -1
}

// escaped decodes the \uXXXX at the start of a text. It returns -1 if there is none.
func escaped(raw []byte) rune {
	if len(raw) < escapeLength || raw[0] != '\\' || raw[1] != 'u' {
		return -1
	}
	n, err := strconv.ParseUint(string(raw[2:escapeLength]), 16, 16)
	if err != nil {
		return -1
	}
	return rune(n)
}

// decodeValue decodes a value that may be nested depth levels deep.
func decodeValue(decoder *json.Decoder, depth int) (any, error) {
	if depth < 0 {
		return nil, fmt.Errorf("it is nested deeper than %d levels", maxDepth)
	}
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case json.Delim:
		if t == '{' {
			return decodeObject(decoder, depth)
		}
		return decodeArray(decoder, depth)
	case json.Number:
		return t, checkNumber(string(t))
	default:
		return t, nil
	}
}

func decodeObject(decoder *json.Decoder, depth int) (any, error) {
	object := map[string]any{}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		key, ok := token.(string)
		if !ok {
			return nil, fmt.Errorf("a key must be a string, not %v", token)
		}
		if _, twice := object[key]; twice {
			return nil, fmt.Errorf("the key %q is twice in one object", clip(key))
		}
		if object[key], err = decodeValue(decoder, depth-1); err != nil {
			return nil, err
		}
	}
	_, err := decoder.Token()
	return object, err
}

func decodeArray(decoder *json.Decoder, depth int) (any, error) {
	array := []any{}
	for decoder.More() {
		value, err := decodeValue(decoder, depth-1)
		if err != nil {
			return nil, err
		}
		array = append(array, value)
	}
	_, err := decoder.Token()
	return array, err
}

// maxDigits bounds the digits of a number as written. An exact float64 has some 770.
const maxDigits = 1000

// checkNumber refuses a number with an extreme exponent or length.
func checkNumber(number string) error {
	if len(number) > maxDigits {
		return fmt.Errorf("a number has more than %d digits", maxDigits)
	}
	at := strings.IndexAny(number, "eE")
	if at < 0 {
		return nil
	}
	exponent, err := strconv.Atoi(number[at+1:])
	if err != nil || exponent > maxExponent || exponent < -maxExponent {
		return errors.New("a number is out of range") // not quoted: it may be sensitive
	}
	return nil
}
