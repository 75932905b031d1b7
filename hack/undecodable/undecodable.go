// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package undecodable creates objects of a CRD that its schema may accept and that Go's types may not decode. Tests
// send them to an API server or validate them, and check that other objects are not affected. Loosen makes an API
// server store them in any case.
package undecodable

import (
	"fmt"
	"maps"
	"os"
	"slices"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

// Schema is the schema of a CRD's objects.
type Schema = apiextensionsv1.JSONSchemaProps

// Value is one value somewhere in an object.
type Value struct {
	// Path is the path from the root, such as spec.jobTemplate.spec.completions.
	Path string
	// Object contains the value. Otherwise it has only what its schema requires.
	Object any
}

// Load reads the schema of a CRD with one version.
func Load(file string) (*Schema, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := yaml.UnmarshalStrict(raw, crd); err != nil {
		return nil, fmt.Errorf("parsing %s: %w", file, err)
	}
	if len(crd.Spec.Versions) != 1 {
		return nil, fmt.Errorf("%s has %d versions, want 1", file, len(crd.Spec.Versions))
	}
	return crd.Spec.Versions[0].Schema.OpenAPIV3Schema, nil
}

// Values returns an object for each field of a schema and each candidate for it, in a fixed order. The schema may
// accept or refuse it.
func Values(s *Schema) []Value { return values(s, "") }

// Least returns the smallest object that a schema accepts.
func Least(s *Schema) Value { return Value{Object: required(s)} }

func values(s *Schema, path string) (all []Value) {
	switch {
	case s.XIntOrString:
		all = scalars(path, append(slices.Clone(texts), integers...))
	case len(s.Properties) > 0:
		for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
			property := s.Properties[name]
			at := path + "." + name
			if path == "" {
				at = name
			}
			for _, v := range values(&property, at) {
				object := required(s)
				object[name] = v.Object
				all = append(all, Value{v.Path, object})
			}
		}
	case s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil:
		for _, v := range values(s.AdditionalProperties.Schema, path+"[k]") {
			all = append(all, Value{v.Path, map[string]any{"k": v.Object}})
		}
	case s.Items != nil:
		for _, v := range values(s.Items.Schema, path+"[0]") {
			all = append(all, Value{v.Path, []any{v.Object}})
		}
	case s.XPreserveUnknownFields != nil && *s.XPreserveUnknownFields:
		all = scalars(path, documents)
	case s.Type == "string":
		for _, e := range s.Enum {
			all = append(all, Value{path, enumerated(e)})
		}
		all = append(all, scalars(path, texts)...)
	case s.Type == "integer", s.Type == "number":
		all = scalars(path, integers)
	case s.Type == "boolean":
		all = scalars(path, []any{true})
	}
	return append(all, Value{path, nil})
}

func scalars(path string, candidates []any) (all []Value) {
	for _, c := range candidates {
		all = append(all, Value{path, c})
	}
	return all
}

// required returns the smallest object that a schema accepts.
func required(s *Schema) map[string]any {
	object := map[string]any{}
	for _, name := range s.Required {
		property := s.Properties[name]
		object[name] = least(&property)
	}
	return object
}

// least returns the smallest value that a schema accepts.
func least(s *Schema) any {
	switch {
	case s.XIntOrString:
		return int64(1)
	case len(s.Enum) > 0:
		return enumerated(s.Enum[0])
	case s.Type == "object":
		return required(s)
	case s.Type == "array" && s.MinItems == nil:
		return []any{}
	case s.Type == "array":
		return []any{least(s.Items.Schema)}
	case s.Type == "integer" && s.Minimum != nil:
		return int64(*s.Minimum)
	case s.Type == "integer":
		return int64(1)
	case s.Type == "boolean":
		return false
	case s.Format == "date-time":
		return "2026-01-02T15:04:05.000000Z"
	default:
		return "x"
	}
}

func enumerated(e apiextensionsv1.JSON) any {
	var value any
	if err := yaml.Unmarshal(e.Raw, &value); err != nil {
		return string(e.Raw)
	}
	return value
}
