package params

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

const (
	// maxDepth of nesting. The API server allows 100 in a whole object (kubernetes/kubernetes#83261).
	maxDepth = 64
	// maxExponent of a number, as float64's and the API server's. The validator works with exact fractions, for
	// which 1e999999999 is a gigabyte.
	maxExponent = 308
)

func tooLarge(raw []byte) string {
	if len(raw) <= v1alpha1.MaxParamsBytes {
		return ""
	}
	return fmt.Sprintf("params are %d bytes of JSON, and %d is the most that reaches a container", len(raw), v1alpha1.MaxParamsBytes)
}

// decode reads one JSON value, with numbers as they are written. It is stricter than encoding/json where two
// readers could understand one text differently: no duplicate keys, no invalid UTF-8, nothing after the end.
func decode(raw []byte) (value any, problem string) {
	if !utf8.Valid(raw) {
		return nil, "the JSON is not valid UTF-8"
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	value, err := decodeValue(decoder, 0)
	if err == nil {
		if _, end := decoder.Token(); !errors.Is(end, io.EOF) {
			err = errors.New("there is something after the end of the value")
		}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("it ends too early")
	}
	if err != nil {
		return nil, fmt.Sprintf("not valid JSON at byte %d: %v", decoder.InputOffset(), err)
	}
	return value, ""
}

func decodeValue(decoder *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
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
			return nil, fmt.Errorf("the key %q stands twice in one object", key)
		}
		if object[key], err = decodeValue(decoder, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := decoder.Token()
	return object, err
}

func decodeArray(decoder *json.Decoder, depth int) (any, error) {
	array := []any{}
	for decoder.More() {
		value, err := decodeValue(decoder, depth+1)
		if err != nil {
			return nil, err
		}
		array = append(array, value)
	}
	_, err := decoder.Token()
	return array, err
}

// checkNumber refuses a number whose exponent nobody needs.
func checkNumber(number string) error {
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
