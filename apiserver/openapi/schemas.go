package openapi

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/invopop/jsonschema"
)

// schemas reflects Go types. Types with a name are described once, and referred to.
type schemas struct {
	comments Comments
	made     map[string]any
}

// of gives the schema of a value's type. What is read takes no fields that it does not know; what is sent may have
// new ones tomorrow, and clients must let them pass.
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
	if err := json.Unmarshal([]byte(strings.ReplaceAll(string(raw), `"#/$defs/`, `"#/components/schemas/`)), &schema); err != nil {
		return nil, fmt.Errorf("describing %T: %w", value, err)
	}
	delete(schema, "$schema")
	defined, _ := schema["$defs"].(Schema)
	delete(schema, "$defs")
	for name, definition := range defined {
		if before, again := s.made[name]; again && !reflect.DeepEqual(before, definition) {
			return nil, fmt.Errorf("two schemas have the name %s, or one is both read and sent", name)
		}
		s.made[name] = definition
	}
	return schema, nil
}

// resource describes what is Kubernetes' own, which Kubernetes describes.
func resource(t reflect.Type) *jsonschema.Schema {
	if !strings.HasPrefix(t.PkgPath(), "k8s.io/") {
		return nil
	}
	return &jsonschema.Schema{Type: "object", Description: "A " + t.Name() + " as the Kubernetes API has it (" + t.PkgPath() + ")."}
}

// schemaName of a Go type: wireExecution is Execution.
func schemaName(t reflect.Type) string {
	name := strings.TrimPrefix(t.Name(), "wire")
	if name == "" || t.PkgPath() == "" || t.PkgPath() == "time" {
		return ""
	}
	return strings.ToUpper(name[:1]) + name[1:]
}
