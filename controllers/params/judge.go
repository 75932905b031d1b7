// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package params

import (
	"maps"
	"slices"
	"strconv"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// judge returns what is wrong with params by the schema. Its work and its memory are bounded. It first checks whether
// params are valid without keeping errors, and then collects the errors of as small a part as needed.
func (s *Schema) judge(value any) FieldErrors {
	m := &meter{left: maxWork, patterns: s.patterns}
	if !m.afford(s.compiled, value) {
		return FieldErrors{wrong("", sayTooMuchWork.With())}
	}
	if satisfies(s.compiled, value) {
		return nil
	}
	m.left = maxWork // to find out where
	return bounded(s.narrow(m, s.compiled, value, nil))
}

// satisfies validates without keeping errors: within a not, the validator keeps none.
func satisfies(s *jsonschema.Schema, value any) bool {
	return (&jsonschema.Schema{DraftVersion: s.DraftVersion, Not: s}).Validate(value) != nil
}

// narrow returns what is wrong with a value that does not satisfy a schema. If that is little work, it returns all
// problems, otherwise those of the first part that is wrong by itself.
func (s *Schema) narrow(m *meter, schema *jsonschema.Schema, value any, path []string) FieldErrors {
	if len(path) > 0 && s.IsSensitive(path[0]) {
		return FieldErrors{wrong(Pointer(path[:1]...), hidden.With())}
	}
	little := &meter{left: maxTold, patterns: s.patterns}
	if little.afford(schema, value) {
		found := problemsOf(schema.Validate(value), s.sensitiveAt(path))
		for i := range found {
			found[i].Pointer = Pointer(path...) + found[i].Pointer
		}
		return found
	}
	for step, child := range parts(value) {
		for part := range ofTheSameValue(schema, false) {
			for _, below := range schemasAt(part, step) {
				if !m.afford(below, child) {
					return FieldErrors{wrong(Pointer(path...), sayUnfit.With())}
				}
				if !satisfies(below, child) {
					return s.narrow(m, below, child, append(path[:len(path):len(path)], step.String()))
				}
			}
		}
	}
	return FieldErrors{wrong(Pointer(path...), sayUnfit.With())}
}

// sensitiveAt returns the names of sensitive params at a path. Only the top level has any.
func (s *Schema) sensitiveAt(path []string) map[string]string {
	if len(path) == 0 {
		return s.sensitive
	}
	return nil
}

// step is one step from a value to a part of it.
type step struct {
	name  string
	index int // -1 for a field
}

func (s step) String() string {
	if s.index < 0 {
		return s.name
	}
	return strconv.Itoa(s.index)
}

// parts returns the parts of a value in order.
func parts(value any) func(yield func(step, any) bool) {
	return func(yield func(step, any) bool) {
		switch v := value.(type) {
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				if !yield(step{name, -1}, v[name]) {
					return
				}
			}
		case []any:
			for i := range v {
				if !yield(step{"", i}, v[i]) {
					return
				}
			}
		}
	}
}

// schemasAt returns the schemas that a part of a value must always satisfy.
func schemasAt(s *jsonschema.Schema, at step) (schemas []*jsonschema.Schema) {
	if at.index < 0 {
		schemas = fieldSchemas(s, at.name)
		if additional, ok := s.AdditionalProperties.(*jsonschema.Schema); ok && len(schemas) == 0 {
			schemas = append(schemas, additional)
		}
		return schemas
	}
	ordered := s.PrefixItems
	rest := s.Items2020
	switch items := s.Items.(type) {
	case *jsonschema.Schema:
		rest = items
	case []*jsonschema.Schema:
		ordered = items
		rest, _ = s.AdditionalItems.(*jsonschema.Schema)
	}
	switch {
	case at.index < len(ordered):
		return []*jsonschema.Schema{ordered[at.index]}
	case rest != nil:
		return []*jsonschema.Schema{rest}
	default:
		return nil
	}
}
