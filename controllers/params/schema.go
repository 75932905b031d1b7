// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package params validates the params of a run by the JSON Schema of its Task. It is pure. The facade and the
// controller both use it, so that REST and kubectl agree.
package params

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// schemaURL is the name of the schema while it is compiled. Nothing is loaded from it or from any other URL.
const schemaURL = "task:///parameters"

// Schema is the compiled parameters of a Task. Several goroutines may use it.
type Schema struct {
	// compiled is nil if every object is valid.
	compiled *jsonschema.Schema
	// sensitive has the type of each sensitive param.
	sensitive map[string]string
	// declared are the names of params in the schema, sorted.
	declared []string
	// patterns has the size of each regular expression.
	patterns map[string]int
}

func compile(schema []byte) (*Schema, error) {
	compiled, err := compileUnjudged(schema)
	if err != nil {
		return nil, err
	}
	if compiled == nil {
		return &Schema{}, nil
	}
	document, _ := decode(schema) // compileUnjudged has found no problem with it
	sensitive, err := sensitiveOf(document)
	if err != nil {
		return nil, err
	}
	patterns := patternsOf(compiled)
	if err := checkWorst(compiled, patterns); err != nil {
		return nil, err
	}
	if err := hopeless(compiled, &meter{left: maxWork, patterns: patterns}); err != nil {
		return nil, err
	}
	s := &Schema{compiled: compiled, sensitive: sensitive, declared: namesOf(compiled), patterns: patterns}
	if err := s.checkSensitiveVariables(); err != nil {
		return nil, err
	}
	return s, nil
}

// compileUnjudged compiles a schema whether or not it makes sense for params. It returns nil if there is none.
func compileUnjudged(schema []byte) (*jsonschema.Schema, error) {
	if len(bytes.TrimSpace(schema)) == 0 || bytes.Equal(bytes.TrimSpace(schema), []byte("null")) {
		return nil, nil
	}
	document, problem := decode(schema)
	if problem != "" {
		return nil, errors.New(problem)
	}
	if _, isObject := document.(map[string]any); !isObject {
		return nil, errors.New("the schema must be a JSON object")
	}
	if err := checkComplexity(document); err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	compiler.UseLoader(noLoader{})
	if err := compiler.AddResource(schemaURL, document); err != nil {
		return nil, err
	}
	compiled, err := compiler.Compile(schemaURL)
	if err != nil {
		return nil, readable(err)
	}
	return compiled, nil
}

// readable replaces the library's tree of causes by its leaves.
func readable(err error) error {
	unfit, invalid := &jsonschema.SchemaValidationError{}, &jsonschema.ValidationError{}
	if errors.As(err, &unfit) && errors.As(unfit.Err, &invalid) {
		return bounded(leaves(invalid, nil))
	}
	return err
}

type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("the schema refers to %q, but only references within it are allowed", url)
}

// Apply returns the effective params: the given ones, or none, with the schema's defaults filled in and keys sorted.
// Numbers are written as they were given. The given and the effective params have at most v1alpha1.MaxParamsBytes each,
// as size counts them. Problems are sorted by pointer. If there are any, there are no effective params.
func (s *Schema) Apply(given []byte) (effective []byte, problems FieldErrors) {
	if len(bytes.TrimSpace(given)) == 0 {
		given = []byte("{}")
	}
	value, problem := decode(given)
	if problem != "" {
		return nil, FieldErrors{{Message: problem}}
	}
	object, isObject := value.(map[string]any)
	if !isObject {
		return nil, FieldErrors{wrong("", sayNoObject.With())}
	}
	effective, problem = encodeBounded(object)
	if problem != "" {
		return nil, FieldErrors{{Message: problem}}
	}
	if s.compiled == nil {
		return effective, nil
	}
	if room := roomForDefaults; !applyDefaults(s.compiled, object, &room) {
		return nil, FieldErrors{wrong("", sayTooLarge.With())}
	}
	if problems := s.judge(value); len(problems) > 0 {
		return nil, problems
	}
	effective, problem = encodeBounded(object)
	if problem != "" {
		return nil, FieldErrors{{Message: problem}}
	}
	return effective, nil
}

// roomForDefaults bounds the total size of filled-in defaults, as sizeOf counts: in units of eight bytes or one value.
// It is more than params have room for. A schema may refer a thousand times to one large default.
const roomForDefaults = v1alpha1.MaxParamsBytes

// applyDefaults fills in the defaults of properties, in existing objects. A default is used as it is written, without
// further defaults within it. It follows properties and $ref, but no condition, because whether one holds is known only
// later. It returns false if there is no room for the defaults.
func applyDefaults(schema *jsonschema.Schema, object map[string]any, room *int) bool {
	for name, property := range withProperties(schema).Properties {
		value, given := object[name]
		if !given {
			if fallback := defaultOf(property); fallback != nil {
				if *room -= sizeOf(*fallback, *room); *room < 0 {
					return false
				}
				object[name] = clone(*fallback)
			}
			continue
		}
		if nested, isObject := value.(map[string]any); isObject && !applyDefaults(property, nested, room) {
			return false
		}
	}
	return true
}

// withProperties follows the references of a schema until one has properties.
func withProperties(schema *jsonschema.Schema) *jsonschema.Schema {
	for depth := 0; schema.Ref != nil && schema.Properties == nil && depth < maxDepth; depth++ {
		schema = schema.Ref
	}
	return schema
}

func defaultOf(schema *jsonschema.Schema) *any {
	for depth := 0; schema != nil && depth < maxDepth; depth++ {
		if schema.Default != nil {
			return schema.Default
		}
		schema = schema.Ref
	}
	return nil
}

// clone copies a value of the schema, so that a change of the params does not change the schema.
func clone(value any) any {
	switch v := value.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, child := range v {
			out[key] = clone(child)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, child := range v {
			out[i] = clone(child)
		}
		return out
	default:
		return value
	}
}
