// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package params

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/taskexec/taskexec/controllers/phrases"
)

// VariablePrefix is the prefix of the environment variables with one param each.
const VariablePrefix = "TASK_PARAM_"

// variableOf turns the name of a param into the name of its environment variable: upper case, with _ for each character
// that shells do not allow in a name. A name without an ASCII letter, a digit or a _ has no variable.
func variableOf(param string) (variable string, ok bool) {
	variable = VariablePrefix + strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			ok = true
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_':
			ok = true
			return r
		default:
			return '_'
		}
	}, param)
	return variable, ok
}

// Variables returns the environment variable of each top-level param of a run. If several names give one variable, a
// program could take one value for the other. Then only the name that the schema declares has the variable. If the
// schema declares several of them, or none, no name has it.
func (s *Schema) Variables(given []string) map[string]string {
	owners := s.owners(given)
	out := map[string]string{}
	for _, name := range given {
		if variable, ok := variableOf(name); ok && len(owners[variable]) == 1 && owners[variable][0] == name {
			out[name] = variable
		}
	}
	return out
}

// owners returns the names that give each variable, sorted: the declared ones or, if there are none, the given ones.
func (s *Schema) owners(given []string) map[string][]string {
	owners := map[string][]string{}
	claim := func(names []string, allowed func(variable string) bool) {
		claims := map[string][]string{}
		for _, name := range names {
			if variable, ok := variableOf(name); ok && allowed(variable) {
				claims[variable] = append(claims[variable], name)
			}
		}
		maps.Copy(owners, claims)
	}
	claim(s.declared, func(string) bool { return true })
	claim(slices.Sorted(slices.Values(given)), func(variable string) bool { return len(owners[variable]) == 0 })
	return owners
}

// Warnings returns which params, declared or given, have no variable of their own, in a language.
func (s *Schema) Warnings(given []string, in phrases.Language) (warnings []string) {
	warn := func(text phrases.Text) { warnings = append(warnings, clip(text.In(in))) }
	names := append(slices.Clone(s.declared), given...)
	slices.Sort(names)
	names = slices.Compact(names)
	owners, told := s.owners(given), map[string]bool{}
	for _, name := range names {
		variable, ok := variableOf(name)
		claims := owners[variable]
		switch {
		case !ok:
			warn(warnNoLetter.With(name))
		case len(claims) > 1 && !told[variable]:
			told[variable] = true
			warn(warnShared.With(quoted(claims), variable))
		case len(claims) == 1 && claims[0] != name:
			warn(warnTaken.With(name, variable, claims[0]))
		}
	}
	if len(warnings) > maxWarnings {
		more := len(warnings) - maxWarnings
		warnings = append(warnings[:maxWarnings:maxWarnings], sayMore.With(more).In(in))
	}
	return warnings
}

// maxWarnings is how many warnings are returned at once.
const maxWarnings = 20

func quoted(names []string) string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = fmt.Sprintf("%q", name)
	}
	return strings.Join(out, ", ")
}

// namesOf returns the names of params in a schema, sorted: those in properties and required that apply to the params as
// a whole.
func namesOf(root *jsonschema.Schema) []string {
	found := map[string]bool{}
	for s := range ofTheSameValue(root, true) {
		for name := range s.Properties {
			found[name] = true
		}
		for _, name := range s.Required {
			found[name] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}
