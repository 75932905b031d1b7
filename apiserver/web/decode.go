// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/taskexec/taskexec/controllers/params"
)

// Decode reads a JSON body into v. Middleware bounds the body's size. Without a body, v stays as it is.
func Decode(r *http.Request, v any) error {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		tooLarge := &http.MaxBytesError{}
		if errors.As(err, &tooLarge) {
			return err
		}
		return Problemf(http.StatusBadRequest, "the body could not be read completely")
	}
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil
	}
	if mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || mediaType != "application/json" {
		return Problemf(http.StatusUnsupportedMediaType, "the body must be sent with Content-Type: application/json, not %q", r.Header.Get("Content-Type"))
	}
	if bytes.Equal(bytes.TrimSpace(raw), []byte("null")) {
		return Problemf(http.StatusBadRequest, "the body must be a JSON object, not null")
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil {
		return Problemf(http.StatusBadRequest, "%s", inWords(err))
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return Problemf(http.StatusBadRequest, "the body has more data after the JSON object, at byte %d", decoder.InputOffset())
	}
	return strict(raw, v)
}

// strict rejects ambiguous bodies that encoding/json accepts: duplicate keys, and names of fields in another case.
func strict(raw []byte, v any) error {
	if problem := params.CheckJSON(raw); problem != "" {
		return Problemf(http.StatusBadRequest, "the body is %s", problem)
	}
	var sent map[string]json.RawMessage
	if err := json.Unmarshal(raw, &sent); err != nil {
		return Problemf(http.StatusBadRequest, "%s", inWords(err))
	}
	known := fieldsOf(v)
	for _, name := range slices.Sorted(maps.Keys(sent)) {
		if slices.Contains(known, name) {
			continue
		}
		meant := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, name) })
		if meant < 0 {
			return Problemf(http.StatusBadRequest, "the body has the unknown field %q", name)
		}
		return Problemf(http.StatusBadRequest, "the body has the unknown field %q; did you mean %q?", name, known[meant])
	}
	return nil
}

// fieldsOf returns the JSON names of a body's fields.
func fieldsOf(body any) (names []string) {
	structure := reflect.TypeOf(body).Elem()
	for i := range structure.NumField() {
		name, _, _ := strings.Cut(structure.Field(i).Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}

// textFields are the fields of bodies that are strings.
var textFields = []string{"reason", "token", "code"}

// inWords says in the client's terms what is wrong with a body. Only strings and lists of strings have a type here.
// Params are validated by the schema of their task.
func inWords(err error) string {
	syntax, wrongType := &json.SyntaxError{}, &json.UnmarshalTypeError{}
	switch {
	case errors.As(err, &syntax):
		return fmt.Sprintf("the body is not valid JSON at byte %d: %v", syntax.Offset, err)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "the body is not valid JSON: it ends too early"
	case errors.As(err, &wrongType) && wrongType.Field == "":
		return fmt.Sprintf("the body must be a JSON object, not %s", withArticle(wrongType.Value))
	case errors.As(err, &wrongType) && slices.Contains(textFields, wrongType.Field):
		return fmt.Sprintf("the field %q must be a string, not %s", wrongType.Field, withArticle(wrongType.Value))
	case errors.As(err, &wrongType) && wrongType.Type.Kind() == reflect.String:
		return fmt.Sprintf("the field %q must be a list of strings, and has %s in it", wrongType.Field, withArticle(wrongType.Value))
	case errors.As(err, &wrongType):
		return fmt.Sprintf("the field %q must be a list of strings, not %s", wrongType.Field, withArticle(wrongType.Value))
	default:
		// Go has no error type for an unknown field, but its message is readable.
		return "the body is not valid: " + strings.TrimPrefix(err.Error(), "json: ")
	}
}

func withArticle(noun string) string {
	if strings.ContainsAny(noun[:min(1, len(noun))], "aeiou") {
		return "an " + noun
	}
	return "a " + noun
}

// Given reports whether a field is present and not null.
func Given(raw json.RawMessage) bool {
	raw = bytes.TrimSpace(raw)
	return len(raw) > 0 && !bytes.Equal(raw, []byte("null"))
}
