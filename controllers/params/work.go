// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package params

import (
	"encoding/json"
	"maps"
	"regexp/syntax"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// The cost of a validation is the product of a schema and a value: a list of 50,000 numbers, each compared with 200
// forms, is ten million visits. The validator cannot be interrupted and keeps an error for each failed visit, so its
// work is counted before it begins. One unit is one visit of a value by a schema, about a microsecond.
const (
	// maxWork bounds the work of validating the params of one run.
	maxWork = 500_000
	// maxTold is the work up to which the validator may keep its errors. Each error takes some 300 bytes.
	maxTold = 20_000
)

// meter counts down the remaining work of validations.
type meter struct {
	left int
	// patterns has the number of instructions of each regular expression.
	patterns map[string]int
}

// afford reports whether the meter has enough left for a validation, and subtracts the work. It counts at least what
// the validator does.
func (m *meter) afford(s *jsonschema.Schema, value any) bool {
	m.visit(s, value, visit{})
	return m.left >= 0
}

// visit is the position of a schema among those of the same value.
type visit struct {
	// depth is counted from the first of them.
	depth int
	// tracked means that a schema above must know what nobody evaluated (unevaluatedItems, unevaluatedProperties). Each
	// schema then keeps a list.
	tracked bool
}

func (m *meter) visit(s *jsonschema.Schema, value any, at visit) {
	m.left -= 1 + at.depth/64
	if s.Bool != nil || m.left < 0 {
		return
	}
	t := typeName(value)
	if s.Types != nil && !s.Types.IsEmpty() && len(allowedTypes(s, []string{t})) == 0 {
		return // the validator stops here, too
	}
	at.tracked = at.tracked || s.UnevaluatedItems != nil || s.UnevaluatedProperties != nil
	m.left -= m.own(s, value, at.tracked)
	below := visit{at.depth + 1, at.tracked}
	for _, part := range applied(s) {
		if m.left < 0 {
			return
		}
		m.visit(part, value, below)
	}
	switch v := value.(type) {
	case map[string]any:
		m.fields(s, v)
	case []any:
		m.items(s, v)
	}
}

// applied returns the schemas that a schema applies to the same value, always or sometimes.
func applied(s *jsonschema.Schema) []*jsonschema.Schema {
	parts := slices.Concat([]*jsonschema.Schema{s.Ref, s.Not, s.If, s.Then, s.Else}, s.AllOf, s.AnyOf, s.OneOf, slices.Collect(maps.Values(s.DependentSchemas)))
	for _, dependency := range s.Dependencies {
		if schema, ok := dependency.(*jsonschema.Schema); ok {
			parts = append(parts, schema)
		}
	}
	return slices.DeleteFunc(parts, func(s *jsonschema.Schema) bool { return s == nil })
}

func (m *meter) fields(s *jsonschema.Schema, object map[string]any) {
	additional, _ := s.AdditionalProperties.(*jsonschema.Schema)
	for name, value := range object {
		for pattern := range s.PatternProperties {
			m.left -= m.matching(pattern.String(), name)
		}
		for _, child := range fieldSchemas(s, name) {
			m.visit(child, value, visit{})
		}
		for _, child := range []*jsonschema.Schema{additional, s.UnevaluatedProperties} {
			if child != nil {
				m.visit(child, value, visit{})
			}
		}
		if s.PropertyNames != nil {
			m.visit(s.PropertyNames, name, visit{})
		}
		if m.left < 0 {
			return
		}
	}
}

// fieldSchemas returns the schemas of a field by its name.
func fieldSchemas(s *jsonschema.Schema, name string) (schemas []*jsonschema.Schema) {
	if property := s.Properties[name]; property != nil {
		schemas = append(schemas, property)
	}
	for pattern, property := range s.PatternProperties {
		if pattern.MatchString(name) {
			schemas = append(schemas, property)
		}
	}
	return schemas
}

func (m *meter) items(s *jsonschema.Schema, list []any) {
	ordered, each := itemSchemas(s)
	for i, item := range list {
		if i < len(ordered) {
			m.visit(ordered[i], item, visit{})
		}
		for _, child := range each {
			m.visit(child, item, visit{})
		}
		if m.left < 0 {
			return
		}
	}
}

// itemSchemas returns the schemas of the first items by their position, and those of any item.
func itemSchemas(s *jsonschema.Schema) (ordered, each []*jsonschema.Schema) {
	ordered = s.PrefixItems
	for _, child := range []*jsonschema.Schema{s.Items2020, s.Contains, s.UnevaluatedItems} {
		if child != nil {
			each = append(each, child)
		}
	}
	switch items := s.Items.(type) {
	case *jsonschema.Schema:
		each = append(each, items)
	case []*jsonschema.Schema:
		ordered = items
	}
	if additional, ok := s.AdditionalItems.(*jsonschema.Schema); ok {
		each = append(each, additional)
	}
	return ordered, each
}

// own returns the work of a schema on a value, without the schemas in it.
func (m *meter) own(s *jsonschema.Schema, value any, tracked bool) (work int) {
	work = len(s.Required) / 16
	if s.Const != nil || s.Enum != nil {
		compared := 1
		if s.Enum != nil {
			compared = len(s.Enum.Values)
		}
		work += compared * (15 + sizeOf(value, m.left)) / 16
	}
	switch v := value.(type) {
	case string:
		work += len(v) / 256
		if s.Pattern != nil {
			work += m.matching(s.Pattern.String(), v)
		}
		if s.Format != nil {
			work += len(v) / 16
		}
	case json.Number:
		work += len(v) / 16
		if s.MultipleOf != nil {
			work += 4
		}
	case map[string]any:
		if tracked {
			work += len(v) / 4
		}
	case []any:
		if tracked {
			work += len(v) / 4
		}
		if s.UniqueItems {
			work += min(len(v), 20)*min(len(v), 20)/8 + sizeOf(value, m.left)
		}
	}
	return work
}

// matching returns the work of a regular expression on a text. In Go it grows with the product of both sizes.
func (m *meter) matching(pattern, text string) int {
	return 1 + (1+len(text))*(1+m.patterns[pattern])/64
}

// sizeOf returns the size of a value in values and bytes of text, counted up to a limit.
func sizeOf(value any, most int) (size int) {
	size = 1
	switch v := value.(type) {
	case string:
		size += len(v) / 8
	case json.Number:
		size += len(v) / 8
	case map[string]any:
		for name, child := range v {
			if size > most {
				return size
			}
			size += len(name)/8 + sizeOf(child, most-size)
		}
	case []any:
		for _, child := range v {
			if size > most {
				return size
			}
			size += sizeOf(child, most-size)
		}
	}
	return size
}

// instructions returns the size of a regular expression: a{1000} has a thousand.
func instructions(pattern string) int {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return len(pattern)
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return len(pattern)
	}
	return len(program.Inst)
}
