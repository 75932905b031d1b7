// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package params

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	// maxSensitive is how many sensitive params a Task may have.
	maxSensitive = 16
	// maxSensitiveName is in characters: the name is the key of a Secret.
	maxSensitiveName = 253
)

// sensitiveName matches valid keys of a Secret.
var sensitiveName = regexp.MustCompile(`^[-._a-zA-Z0-9]+$`)

// scalarTypes are the types that a container gets as a variable of their own. Sensitive params are passed only in this
// way.
var scalarTypes = []string{"string", "number", "integer", "boolean"}

// sensitiveOf returns the type of each sensitive param: each property at the top of the schema with writeOnly: true. It
// returns an error for params that cannot be kept secret: one that is nested or no scalar, or that has a default, which
// anybody who may read the Task could read.
func sensitiveOf(document any) (map[string]string, error) {
	root, ok := document.(map[string]any)
	if !ok {
		return nil, nil
	}
	found := map[string]string{}
	properties, _ := root["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		property, _ := properties[name].(map[string]any)
		if property["writeOnly"] != true {
			continue
		}
		kind, err := sensitiveType(name, property)
		if err != nil {
			return nil, err
		}
		found[name] = kind
	}
	if len(found) > maxSensitive {
		return nil, fmt.Errorf("there are %d sensitive params (writeOnly); the limit is %d", len(found), maxSensitive)
	}
	return found, misplaced(root, 0)
}

// checkSensitiveVariables refuses a sensitive param without a variable of its own, because the container would not get
// it.
func (s *Schema) checkSensitiveVariables() error {
	owners := s.owners(nil)
	for _, name := range s.Sensitive() {
		variable, ok := variableOf(name)
		if !ok {
			return fmt.Errorf("the sensitive param %q (writeOnly) must have a letter or a digit in its name, because it reaches the container as a variable", name)
		}
		if claims := owners[variable]; len(claims) > 1 {
			return fmt.Errorf("the params %s would share the variable %s, but %q is sensitive (writeOnly) and reaches the container only by it; rename one", quoted(claims), variable, name)
		}
	}
	return nil
}

func sensitiveType(name string, property map[string]any) (string, error) {
	if len(name) > maxSensitiveName || !sensitiveName.MatchString(name) {
		return "", fmt.Errorf("the sensitive param %q (writeOnly) must have a name of only letters, digits, -, _ and ., because it is the key of a Secret", name)
	}
	kind, _ := property["type"].(string)
	if !slices.Contains(scalarTypes, kind) {
		return "", fmt.Errorf("the sensitive param %q (writeOnly) must have one type of %s", name, strings.Join(scalarTypes, ", "))
	}
	if _, has := property["default"]; has {
		return "", fmt.Errorf("the sensitive param %q (writeOnly) has a default, which anyone could read in the Task", name)
	}
	return kind, nil
}

var errMisplaced = errors.New("writeOnly: true is only possible on a property at the top of the schema, not on one that is nested, referred to or conditional")

// misplaced finds a writeOnly that is not on a property at the top. It searches only where the draft has schemas, so
// not in a param called writeOnly, or in a value that resembles a schema.
func misplaced(schema any, depth int) error {
	node, ok := schema.(map[string]any)
	if !ok {
		return nil
	}
	if node["writeOnly"] == true && depth != 1 {
		return errMisplaced
	}
	for keyword, child := range node {
		// Only the properties of the root are at depth 1. Everything else is deeper.
		below := 2
		if depth == 0 && keyword == "properties" {
			below = 1
		}
		for _, sub := range subschemas(keyword, child) {
			if err := misplaced(sub, below); err != nil {
				return err
			}
		}
	}
	return nil
}

// subschemas returns the schemas that a keyword holds.
func subschemas(keyword string, child any) []any {
	switch keyword {
	case "properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies":
		named, _ := child.(map[string]any)
		return slices.Collect(maps.Values(named))
	case "items", "allOf", "anyOf", "oneOf", "prefixItems":
		if list, isList := child.([]any); isList {
			return list
		}
		return []any{child}
	case "additionalProperties", "additionalItems", "contains", "not", "if", "then", "else", "propertyNames",
		"unevaluatedItems", "unevaluatedProperties", "contentSchema":
		return []any{child}
	default:
		return nil
	}
}

// Sensitive returns the names of the params that must not be readable, sorted.
func (s *Schema) Sensitive() []string { return slices.Sorted(maps.Keys(s.sensitive)) }

// IsSensitive reports whether a param must not be readable.
func (s *Schema) IsSensitive(name string) bool { return s.sensitive[name] != "" }

// Split separates params that Apply has found valid into those that may be read and the values of the sensitive ones,
// as a container sees them. Without a sensitive one, it returns params as they are.
func (s *Schema) Split(given []byte) (plain []byte, secret map[string][]byte, problems FieldErrors) {
	value, problem := decode(given)
	object, isObject := value.(map[string]any)
	if problem != "" || !isObject {
		return given, nil, nil
	}
	for _, name := range s.Sensitive() {
		value, is := object[name]
		if !is {
			continue
		}
		text, ok := textOf(value)
		if !ok {
			problems = append(problems, wrong(Pointer(name), hidden.With()))
			continue
		}
		if secret == nil {
			secret = map[string][]byte{}
		}
		secret[name] = []byte(text)
		delete(object, name)
	}
	if len(problems) > 0 || len(secret) == 0 {
		return given, nil, problems
	}
	plain, err := encode(object)
	if err != nil {
		return nil, nil, FieldErrors{{Message: err.Error()}}
	}
	return plain, secret, nil
}

// textOf returns a scalar as a container sees it. A string with a NUL has no text, because no environment can hold it.
func textOf(value any) (string, bool) {
	switch v := value.(type) {
	case string:
		return v, !strings.ContainsRune(v, 0)
	case json.Number:
		return v.String(), true
	case bool:
		return fmt.Sprint(v), true
	default:
		return "", false
	}
}

// Join adds the values of sensitive params from a Secret to the others, so that Apply can validate all. A value of a
// wrong type is a problem. So is one that is in both places or is not sensitive.
func (s *Schema) Join(plain []byte, secret map[string][]byte) (joined []byte, problems FieldErrors) {
	object := map[string]any{}
	if len(plain) > 0 {
		value, problem := decode(plain)
		given, isObject := value.(map[string]any)
		if problem != "" || !isObject {
			return plain, nil // Apply reports what is wrong with it
		}
		object = given
	}
	for _, name := range slices.Sorted(maps.Keys(secret)) {
		at := Pointer(name)
		value, ok := s.valueOf(name, secret[name])
		switch _, twice := object[name]; {
		case twice:
			problems = append(problems, wrong(at, sayTwice.With()))
		case !s.IsSensitive(name):
			problems = append(problems, wrong(at, sayPlain.With()))
		case !ok:
			problems = append(problems, wrong(at, hidden.With()))
		}
		object[name] = value
	}
	if len(problems) > 0 {
		return nil, bounded(problems)
	}
	joined, err := encode(object)
	if err != nil {
		return nil, FieldErrors{{Message: err.Error()}}
	}
	return joined, nil
}

// valueOf parses a sensitive param by its type.
func (s *Schema) valueOf(name string, raw []byte) (value any, ok bool) {
	if s.sensitive[name] == "string" {
		text := string(raw)
		return text, utf8.Valid(raw) && !strings.ContainsRune(text, 0)
	}
	value, problem := decode(raw)
	if problem != "" {
		return nil, false
	}
	// A container sees the bytes as they are, so spaces around a value are not trimmed.
	text, ok := textOf(value)
	return value, ok && text == string(raw)
}
