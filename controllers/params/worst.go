// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package params

import (
	"fmt"
	"maps"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

const (
	// maxWorst bounds the work that the params of a run can cause. A schema above it is refused when the Task is
	// stored. It is more than maxWork, because params are rarely as large and as many as they can be.
	maxWorst = 5_000_000
	// maxItems is how many items or fields the largest params have: each takes two bytes.
	maxItems = v1alpha1.MaxParamsBytes / 2
)

// worst is the place where params could cause the most work.
type worst struct {
	patterns map[string]int
	// work is the most work at one place. values is the number of values there, and schemas the work for each of them.
	work, values, schemas int
	at                    string
}

// checkWorst refuses a schema if params of the allowed size could cause too much work.
func checkWorst(root *jsonschema.Schema, patterns map[string]int) error {
	w := &worst{patterns: patterns}
	w.visit([]*jsonschema.Schema{root}, 1, nil)
	if w.work <= maxWorst {
		return nil
	}
	return fmt.Errorf("params could take too long to validate: at %q there may be %d values, and each is compared with %d parts of the schema; bound them by maxItems or maxProperties (%d or less), or write oneOf of const as an enum",
		w.at, w.values, w.schemas, max(1, maxWorst/max(1, w.schemas)/2))
}

// visit visits schemas that apply to each of a number of values at one place.
func (w *worst) visit(schemas []*jsonschema.Schema, values int, path []string) {
	all := w.expanded(schemas)
	weight := 0
	for _, s := range all {
		weight += w.weight(s)
	}
	if work := values * weight; work > w.work {
		w.work, w.values, w.schemas, w.at = work, values, weight, Pointer(path...)
	}
	if len(all) == 0 || w.work > 1000*maxWorst {
		return
	}
	w.fields(all, values, path)
	w.items(all, values, path)
}

// expanded returns the schemas and all that they apply to the same value.
func (w *worst) expanded(schemas []*jsonschema.Schema) (all []*jsonschema.Schema) {
	all = slices.Clone(schemas)
	for i := 0; i < len(all); i++ {
		all = append(all, applied(all[i])...)
	}
	return all
}

// weight is the work of one schema on one short value.
func (w *worst) weight(s *jsonschema.Schema) int {
	weight := 1
	if s.Enum != nil {
		weight += len(s.Enum.Values) / 16
	}
	if s.Pattern != nil {
		weight += w.patterns[s.Pattern.String()] / 64
	}
	return weight
}

func (w *worst) fields(all []*jsonschema.Schema, values int, path []string) {
	named := map[string][]*jsonschema.Schema{}
	var others []*jsonschema.Schema
	most := maxItems
	for _, s := range all {
		for name := range s.Properties {
			named[name] = nil
		}
		if s.MaxProperties != nil {
			most = min(most, *s.MaxProperties)
		}
		others = append(others, slices.Collect(maps.Values(s.PatternProperties))...)
		if additional, ok := s.AdditionalProperties.(*jsonschema.Schema); ok {
			others = append(others, additional)
		}
		for _, child := range []*jsonschema.Schema{s.UnevaluatedProperties, s.PropertyNames} {
			if child != nil {
				others = append(others, child)
			}
		}
	}
	if work := len(named) * len(all); work > maxWorst { // a run's params could have all of these names
		w.work, w.values, w.schemas, w.at = work, len(named), len(all), Pointer(path...)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(named)) {
		var children []*jsonschema.Schema
		for _, s := range all {
			children = append(children, fieldSchemas(s, name)...)
		}
		w.visit(children, values, append(path[:len(path):len(path)], name))
	}
	if len(others) > 0 {
		w.visit(others, times(values, most), append(path[:len(path):len(path)], "*"))
	}
}

func (w *worst) items(all []*jsonschema.Schema, values int, path []string) {
	var children []*jsonschema.Schema
	most := maxItems
	for _, s := range all {
		ordered, each := itemSchemas(s)
		children = slices.Concat(children, ordered, each)
		if s.MaxItems != nil {
			most = min(most, *s.MaxItems)
		}
	}
	if len(children) > 0 {
		w.visit(children, times(values, most), append(path[:len(path):len(path)], "*"))
	}
}

// times returns how many values there can be, at most as many as params have room for.
func times(values, most int) int {
	if most > 0 && values > maxItems/most {
		return maxItems
	}
	return values * most
}

// patternsOf returns the size of each regular expression of a schema.
func patternsOf(root *jsonschema.Schema) map[string]int {
	sizes, seen := map[string]int{}, map[*jsonschema.Schema]bool{}
	add := func(pattern jsonschema.Regexp) {
		if text := pattern.String(); sizes[text] == 0 {
			sizes[text] = instructions(text)
		}
	}
	next := []*jsonschema.Schema{root}
	for len(next) > 0 {
		s := next[len(next)-1]
		next = next[:len(next)-1]
		if seen[s] {
			continue
		}
		seen[s] = true
		if s.Pattern != nil {
			add(s.Pattern)
		}
		for pattern := range s.PatternProperties {
			add(pattern)
		}
		next = append(next, children(s)...)
	}
	return sizes
}

// children returns all schemas in a schema.
func children(s *jsonschema.Schema) []*jsonschema.Schema {
	ordered, each := itemSchemas(s)
	out := slices.Concat(applied(s), ordered, each, slices.Collect(maps.Values(s.Properties)), slices.Collect(maps.Values(s.PatternProperties)))
	if additional, ok := s.AdditionalProperties.(*jsonschema.Schema); ok {
		out = append(out, additional)
	}
	for _, child := range []*jsonschema.Schema{s.UnevaluatedProperties, s.PropertyNames} {
		if child != nil {
			out = append(out, child)
		}
	}
	return out
}
