// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schemas are the schemas of events, which OpenAPI cannot describe. The key is the place in the document.
type schemas map[string]*jsonschema.Schema

const problemSchema = "/components/schemas/Problem"

// eventSchema returns the place of the schema of an event.
func eventSchema(method, pattern, event string) string {
	return "/paths/" + strings.ReplaceAll(pattern, "/", "~1") + "/" + method + "/responses/200/content/text~1event-stream/x-events/" + event
}

func readSchemas(document []byte) (schemas, error) {
	whole, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	const name = "openapi.json"
	if err := compiler.AddResource(name, whole); err != nil {
		return nil, err
	}
	var d struct {
		Paths map[string]map[string]struct {
			Responses map[string]struct {
				Content map[string]struct {
					Events map[string]any `json:"x-events"`
				}
			}
		}
	}
	if err := json.Unmarshal(document, &d); err != nil {
		return nil, err
	}
	places := []string{problemSchema}
	for pattern, item := range d.Paths {
		for method, operation := range item {
			for event := range operation.Responses["200"].Content["text/event-stream"].Events {
				places = append(places, eventSchema(method, pattern, event))
			}
		}
	}
	all := schemas{}
	for _, place := range places {
		if all[place], err = compiler.Compile(name + "#" + strings.NewReplacer("{", "%7B", "}", "%7D").Replace(place)); err != nil {
			return nil, fmt.Errorf("reading the schema at %s: %w", place, err)
		}
	}
	return all, nil
}

func (s schemas) validate(place string, value []byte) error {
	schema := s[place]
	if schema == nil {
		return fmt.Errorf("there is no schema at %s", place)
	}
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(value))
	if err != nil {
		return fmt.Errorf("%w: %.500s", err, value)
	}
	if err := schema.Validate(parsed); err != nil {
		return fmt.Errorf("%w: %.500s", err, value)
	}
	return nil
}

// closed returns the document with additionalProperties: false in each component with properties that does not set it.
func closed(document []byte) ([]byte, error) {
	var d map[string]any
	if err := json.Unmarshal(document, &d); err != nil {
		return nil, fmt.Errorf("reading the document: %w", err)
	}
	components, _ := d["components"].(map[string]any)
	defined, _ := components["schemas"].(map[string]any)
	for _, schema := range defined {
		object, _ := schema.(map[string]any)
		_, open := object["additionalProperties"]
		if _, has := object["properties"]; has && !open {
			object["additionalProperties"] = false
		}
	}
	return json.Marshal(d)
}
