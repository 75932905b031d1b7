// Package params judges the params of a run by the JSON Schema of its Task. It is pure, and it is the one
// validator of both the facade and the controller, so that REST and kubectl agree.
package params

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// schemaURL is what the schema is called while it is compiled. Nothing is loaded from it or any other.
const schemaURL = "task:///parameters"

// Schema is a Task's parameters, compiled. It may be used by several goroutines.
type Schema struct {
	// compiled is nil when every object is welcome.
	compiled *jsonschema.Schema
	// sensitive params by name, with their type.
	sensitive map[string]string
	// declared names of params, sorted: those that the schema speaks of.
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

// compileUnjudged compiles a schema whether or not it makes sense for params. It gives nil where there is none.
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
	return nil, fmt.Errorf("the schema refers to %q, and only references within it are allowed", url)
}

// Apply returns the effective params: those given, or none, with the schema's defaults put in, keys sorted.
// Numbers keep the form in which they were written. What is given and what comes out are each at most
// v1alpha1.MaxParamsBytes, as size counts them. Problems are sorted by pointer; with any, there are no effective params.
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
		return nil, FieldErrors{{Message: "params must be a JSON object"}}
	}
	effective, problem = encodeBounded(object)
	if problem != "" {
		return nil, FieldErrors{{Message: problem}}
	}
	if s.compiled == nil {
		return effective, nil
	}
	if room := roomForDefaults; !applyDefaults(s.compiled, object, &room) {
		return nil, FieldErrors{{Message: "params with the defaults of the schema are larger than what reaches a container"}}
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

// roomForDefaults is how large the defaults that are put in may be together, as sizeOf counts: eight bytes or a value. It is
// more than params have room for. A schema may refer a thousand times to one large default.
const roomForDefaults = v1alpha1.MaxParamsBytes

// applyDefaults puts in what a property's schema gives as default, in objects that are there. A default is taken
// as it is written; the defaults of what is in it are not applied. It follows properties and $ref and no
// condition: whether one holds is known only after. It returns false when there is no room for them.
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

// clone keeps the schema's own value from being changed through the params.
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
