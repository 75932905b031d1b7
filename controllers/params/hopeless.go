// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package params

import (
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// hopeless says why no params can satisfy a schema, or only params that replace a default. It returns nil if it finds
// no reason. Whether a schema can be satisfied is hard to know in general, but a reported reason is certain: a type
// other than object, false, limits that exclude each other, or a required field that is not allowed.
func hopeless(root *jsonschema.Schema, m *meter) error {
	if why := m.never([]*jsonschema.Schema{root}, "object"); why != nil {
		return fmt.Errorf("no params can satisfy the schema, so no run could start: %w", why)
	}
	return m.badDefault(root, nil)
}

// ofTheSameValue returns a schema and those that it applies to the same value: always and, with conditional, also those
// that apply only sometimes. A schema that was compiled here does not refer to itself.
func ofTheSameValue(s *jsonschema.Schema, conditional bool) iter.Seq[*jsonschema.Schema] {
	return func(yield func(*jsonschema.Schema) bool) { visitSameValue(s, conditional, yield) }
}

func visitSameValue(s *jsonschema.Schema, conditional bool, yield func(*jsonschema.Schema) bool) bool {
	if s == nil {
		return true
	}
	if !yield(s) {
		return false
	}
	next := append([]*jsonschema.Schema{s.Ref}, s.AllOf...)
	if conditional {
		next = slices.Concat(next, s.AnyOf, s.OneOf, []*jsonschema.Schema{s.If, s.Then, s.Else}, slices.Collect(maps.Values(s.DependentSchemas)))
		for _, dependency := range s.Dependencies {
			if schema, ok := dependency.(*jsonschema.Schema); ok {
				next = append(next, schema)
			}
		}
	}
	for _, child := range next {
		if !visitSameValue(child, conditional, yield) {
			return false
		}
	}
	return true
}

// badDefault finds a default that its own schema refuses, or with digits that the API server does not keep. Each run
// that does not set the param would fail.
func (m *meter) badDefault(s *jsonschema.Schema, path []string) error {
	s = withProperties(s)
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		property := s.Properties[name]
		at := slices.Concat(path, []string{name})
		if fallback := defaultOf(property); fallback != nil {
			if why := m.refusesDefault(s, name, *fallback); why != "" {
				return fmt.Errorf("the default of %s %s", Pointer(at...), why)
			}
		}
		if err := m.badDefault(property, at); err != nil {
			return err
		}
	}
	return nil
}

func (m *meter) refusesDefault(s *jsonschema.Schema, name string, value any) string {
	if m.left -= sizeOf(value, m.left); m.left < 0 {
		return "and those before it are too large to judge"
	}
	if raw, err := encode(value); err == nil {
		if problems := Unstorable(raw); len(problems) > 0 {
			return problems.Error()
		}
	}
	for part := range ofTheSameValue(s, false) {
		property := part.Properties[name]
		if property == nil {
			continue
		}
		if !m.afford(property, value) {
			return "takes too long to validate"
		}
		if !satisfies(property, value) {
			return "does not match its own schema: " + (&Schema{patterns: m.patterns}).narrow(m, property, value, nil).Error()
		}
	}
	return ""
}
