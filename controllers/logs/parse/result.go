package parse

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// Result reads what a program wrote as its result: a JSON value as such, and any other text as a string; nil when
// there is nothing, or null. What comes out is as harmless as a log entry: valid UTF-8 without control characters
// or escape sequences, numbers that the API server keeps, nested at most 16 deep. It takes at most six bytes for
// one of the text, as where each is a < that JSON for browsers escapes.
func Result(text string) []byte {
	text = strings.TrimSpace(text)
	if text == "" {
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
		value = text
	}
	if value == nil {
		return nil
	}
	raw, err := json.Marshal(harmlessValue(value, 1))
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
