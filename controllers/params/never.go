// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package params

import (
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// allTypes are the types of JSON values. An integer is a number.
var allTypes = []string{"null", "boolean", "number", "string", "array", "object"}

// never says why no value of a type can satisfy all of some schemas, or returns nil. Without a type, the value may be
// of any type.
func (m *meter) never(schemas []*jsonschema.Schema, ofType string) error {
	types := allTypes
	if ofType != "" {
		types = []string{ofType}
	}
	var parts []*jsonschema.Schema
	for _, s := range schemas {
		for part := range ofTheSameValue(s, false) {
			parts = append(parts, part)
		}
	}
	for _, part := range parts {
		switch left := allowedTypes(part, types); {
		case part.Bool != nil && !*part.Bool:
			return errors.New("it is false")
		case part.Not != nil && takesEverything(part.Not):
			return errors.New("it excludes everything (not)")
		case len(left) == 0 && ofType == "object":
			return fmt.Errorf("it has the type %s, but params are always an object", anyType(part.Types.ToStrings()))
		case len(left) == 0:
			return errors.New("it has types that exclude each other")
		default:
			types = left
		}
		if err := m.noChoice(part, types, schemas); err != nil {
			return err
		}
	}
	var why error
	for _, t := range types {
		if why = m.contradiction(parts, t); why == nil {
			return nil
		}
	}
	return why
}

// allowedTypes returns those of some types that a schema allows.
func allowedTypes(s *jsonschema.Schema, types []string) (left []string) {
	if s.Types == nil || s.Types.IsEmpty() {
		return types
	}
	want := s.Types.ToStrings()
	for _, t := range types {
		if slices.Contains(want, t) || (t == "number" && slices.Contains(want, "integer")) {
			left = append(left, t)
		}
	}
	return left
}

// annotations are the fields of a schema that restrict nothing.
var annotations = []string{
	"DraftVersion", "Location", "ID", "Anchor", "DynamicAnchor", "RecursiveAnchor",
	"Title", "Description", "Default", "Comment", "ReadOnly", "WriteOnly", "Examples", "Deprecated",
}

// takesEverything reports whether a schema obviously accepts everything: true, or one without a restricting keyword.
func takesEverything(s *jsonschema.Schema) bool {
	if s.Bool != nil {
		return *s.Bool
	}
	v := reflect.ValueOf(s).Elem()
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if field.IsExported() && !slices.Contains(annotations, field.Name) && !v.Field(i).IsZero() {
			return false
		}
	}
	return true
}

// noChoice finds a const or an enum without a value that has one of the types and satisfies all of the schemas.
func (m *meter) noChoice(part *jsonschema.Schema, types []string, schemas []*jsonschema.Schema) error {
	var values []any
	switch {
	case part.Const != nil:
		values = []any{*part.Const}
	case part.Enum != nil:
		values = part.Enum.Values
	default:
		return nil
	}
	for _, value := range values {
		if !slices.Contains(types, typeName(value)) {
			continue
		}
		if !slices.ContainsFunc(schemas, func(s *jsonschema.Schema) bool { return m.afford(s, value) && !satisfies(s, value) }) {
			return nil // all accept it, or it would take too long to find out
		}
	}
	return fmt.Errorf("it must be one of %s, but none of these matches the rest of the schema", choices(values))
}

// typeName returns the type of a decoded value.
func typeName(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	default:
		return "number"
	}
}

// contradiction says why no value of one type can satisfy all of some schemas with the same type.
func (m *meter) contradiction(parts []*jsonschema.Schema, t string) error {
	for _, part := range parts {
		for _, forms := range [][]*jsonschema.Schema{part.AnyOf, part.OneOf} {
			if len(forms) > 0 && !slices.ContainsFunc(forms, func(form *jsonschema.Schema) bool { return m.never([]*jsonschema.Schema{form}, t) == nil }) {
				return errors.New("none of its forms (anyOf, oneOf) is possible")
			}
		}
	}
	switch t {
	case "object":
		return m.objectContradiction(parts)
	case "array":
		return exclude("items", most(parts, func(s *jsonschema.Schema) *int { return s.MinItems }), least(parts, func(s *jsonschema.Schema) *int { return s.MaxItems }))
	case "string":
		return exclude("characters", most(parts, func(s *jsonschema.Schema) *int { return s.MinLength }), least(parts, func(s *jsonschema.Schema) *int { return s.MaxLength }))
	case "number":
		return numberContradiction(parts)
	default:
		return nil
	}
}

// most returns the largest of some limits, and least the smallest, or nil if there is none.
func most(parts []*jsonschema.Schema, limit func(*jsonschema.Schema) *int) (found *int) {
	for _, part := range parts {
		if n := limit(part); n != nil && (found == nil || *n > *found) {
			found = n
		}
	}
	return found
}

func least(parts []*jsonschema.Schema, limit func(*jsonschema.Schema) *int) (found *int) {
	for _, part := range parts {
		if n := limit(part); n != nil && (found == nil || *n < *found) {
			found = n
		}
	}
	return found
}

func exclude(what string, atLeast, atMost *int) error {
	if atLeast == nil || atMost == nil || *atLeast <= *atMost {
		return nil
	}
	return fmt.Errorf("it must have at least %d %s and at most %d", *atLeast, what, *atMost)
}

func numberContradiction(parts []*jsonschema.Schema) error {
	for _, low := range parts {
		for _, high := range parts {
			for _, pair := range [][2]*big.Rat{{low.Minimum, high.Maximum}, {low.ExclusiveMinimum, high.Maximum}, {low.Minimum, high.ExclusiveMaximum}, {low.ExclusiveMinimum, high.ExclusiveMaximum}} {
				if pair[0] == nil || pair[1] == nil {
					continue
				}
				exclusive := pair[0] != low.Minimum || pair[1] != high.Maximum
				if c := pair[0].Cmp(pair[1]); c > 0 || (c == 0 && exclusive) {
					return fmt.Errorf("no number is above its lower limit %s and below its upper limit %s", number(pair[0]), number(pair[1]))
				}
			}
		}
	}
	return nil
}

// objectContradiction finds a required field that is not allowed, or more required fields than are allowed.
func (m *meter) objectContradiction(parts []*jsonschema.Schema) error {
	atMost := least(parts, func(s *jsonschema.Schema) *int { return s.MaxProperties })
	if err := exclude("fields", most(parts, func(s *jsonschema.Schema) *int { return s.MinProperties }), atMost); err != nil {
		return err
	}
	required := map[string]bool{}
	for _, part := range parts {
		for _, name := range part.Required {
			if required[name] {
				continue
			}
			required[name] = true
			if err := m.never(schemasOf(parts, name), ""); err != nil {
				return fmt.Errorf("%q is required, but its schema fits no value: %w", name, err)
			}
			if refusesName(parts, name) {
				return fmt.Errorf("%q is required, but is not an allowed field", name)
			}
		}
	}
	n := len(required)
	return exclude("fields, the required ones,", &n, atMost)
}

// schemasOf returns the schemas of the field of that name.
func schemasOf(parts []*jsonschema.Schema, name string) (schemas []*jsonschema.Schema) {
	for _, part := range parts {
		if s := part.Properties[name]; s != nil {
			schemas = append(schemas, s)
		}
	}
	return schemas
}

// refusesName reports whether a schema refuses fields of that name, by additionalProperties or propertyNames.
func refusesName(parts []*jsonschema.Schema, name string) bool {
	for _, part := range parts {
		if part.PropertyNames != nil && part.PropertyNames.Validate(name) != nil {
			return true
		}
		listed := part.Properties[name] != nil
		for pattern := range part.PatternProperties {
			listed = listed || pattern.MatchString(name)
		}
		if additional, isBool := part.AdditionalProperties.(bool); isBool && !additional && !listed {
			return true
		}
	}
	return false
}
