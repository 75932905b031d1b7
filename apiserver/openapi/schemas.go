// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package openapi

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/invopop/jsonschema"
)

// schemas makes schemas of Go types. A type with a name becomes a component, to which others refer.
type schemas struct {
	comments Comments
	made     map[string]any
}

// of returns the schema of a value's type. Schemas of requests reject unknown fields. Schemas of answers do not,
// because a later version may send more fields, which clients must ignore.
func (s *schemas) of(value any, read bool) (any, error) {
	reflector := &jsonschema.Reflector{
		Anonymous:                 true,
		AllowAdditionalProperties: !read,
		Namer:                     schemaName,
		LookupComment:             s.comments.describe,
		Mapper:                    resource,
	}
	raw, err := json.Marshal(reflector.Reflect(value))
	if err != nil {
		return nil, fmt.Errorf("describing %T: %w", value, err)
	}
	var schema Schema
	if err := json.Unmarshal([]byte(strings.ReplaceAll(string(raw), `"#/$defs/`, `"`+refPrefix)), &schema); err != nil {
		return nil, fmt.Errorf("describing %T: %w", value, err)
	}
	delete(schema, "$schema")
	defined, _ := schema["$defs"].(Schema)
	delete(schema, "$defs")
	openFree(schema)
	for _, definition := range defined {
		openFree(definition)
	}
	for name, definition := range defined {
		if before, again := s.made[name]; again && !reflect.DeepEqual(before, definition) {
			return nil, fmt.Errorf("two schemas have the name %s, or one is both read and sent", name)
		}
		s.made[name] = definition
	}
	return schema, nil
}

// openFree marks objects without properties as open to any fields. That is the default in JSON Schema, but client
// generators would generate types without fields.
func openFree(schema any) {
	switch v := schema.(type) {
	case []any:
		for _, inner := range v {
			openFree(inner)
		}
	case Schema:
		_, described := v["properties"]
		if _, judged := v["additionalProperties"]; v["type"] == "object" && !described && !judged {
			v["additionalProperties"] = true
		}
		for _, inner := range v {
			openFree(inner)
		}
	}
}

const refPrefix = "#/components/schemas/"

// inlineEvents moves schemas that only events use into the descriptions of the events. Client generators do not know
// events, and would generate unused types.
func (s *schemas) inlineEvents(paths map[string]PathItem) {
	used := map[string]bool{}
	var events []map[string]any
	for _, item := range paths {
		for _, operation := range item {
			if operation.RequestBody != nil {
				for _, body := range operation.RequestBody.Content {
					s.use(used, body.Schema)
				}
			}
			for _, response := range operation.Responses {
				for _, body := range response.Content {
					s.use(used, body.Schema)
					events = append(events, body.Events)
				}
			}
		}
	}
	only := map[string]any{}
	for _, stream := range events {
		for name, schema := range stream {
			object, _ := schema.(Schema)
			ref, _ := object["$ref"].(string)
			component := strings.TrimPrefix(ref, refPrefix)
			if ref == "" || used[component] {
				continue
			}
			only[component] = s.made[component]
			stream[name] = s.made[component]
		}
	}
	for component := range only {
		delete(s.made, component)
	}
}

// use marks the components to which a schema refers, directly or through others.
func (s *schemas) use(used map[string]bool, schema any) {
	switch v := schema.(type) {
	case Schema:
		if ref, isRef := v["$ref"].(string); isRef {
			name := strings.TrimPrefix(ref, refPrefix)
			if !used[name] {
				used[name] = true
				s.use(used, s.made[name])
			}
		}
		for _, inner := range v {
			s.use(used, inner)
		}
	case []any:
		for _, inner := range v {
			s.use(used, inner)
		}
	}
}

// resource returns a short schema of a Kubernetes type, which Kubernetes' own API describes. It returns nil for other
// types.
func resource(t reflect.Type) *jsonschema.Schema {
	if !strings.HasPrefix(t.PkgPath(), "k8s.io/") {
		return nil
	}
	return &jsonschema.Schema{
		Type: "object", AdditionalProperties: jsonschema.TrueSchema,
		Description: "A " + t.Name() + " of the Kubernetes API (" + t.PkgPath() + ").",
	}
}

// Named is a type whose schema has another name than the type. Generated clients use the names of schemas, so that a
// type can be renamed and its schema cannot.
type Named interface {
	// SchemaName returns the name of the schema.
	SchemaName() string
}

// schemaName returns the name of the schema of a Go type: Execution for wireExecution. It is empty for types that do
// not become a component.
func schemaName(t reflect.Type) string {
	if named, ok := reflect.Zero(t).Interface().(Named); ok {
		return named.SchemaName()
	}
	name := strings.TrimPrefix(t.Name(), "wire")
	if name == "" || t.PkgPath() == "" || t.PkgPath() == "time" {
		return ""
	}
	return strings.ToUpper(name[:1]) + name[1:]
}
