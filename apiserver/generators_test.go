// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// The description contains nothing that client generators handle wrongly.
func TestCase41DescriptionIsFitForGenerators(t *testing.T) {
	made, err := describe(everything())()
	if err != nil {
		t.Fatal(err)
	}
	var d map[string]any
	if err := json.Unmarshal(made.document, &d); err != nil {
		t.Fatal(err)
	}
	components, _ := d["components"].(map[string]any)
	schemas, _ := components["schemas"].(map[string]any)
	used := map[string]bool{}
	var walk func(at string, node any)
	walk = func(at string, node any) {
		switch v := node.(type) {
		case []any:
			for _, inner := range v {
				walk(at, inner)
			}
		case map[string]any:
			checkForGenerators(t, at, v)
			if ref, isRef := v["$ref"].(string); isRef {
				name := strings.TrimPrefix(ref, "#/components/schemas/")
				if !used[name] {
					used[name] = true
					walk(name, schemas[name])
				}
			}
			for key, inner := range v {
				if key != "x-events" {
					walk(at+"/"+key, inner)
				}
			}
		}
	}
	walk("", d["paths"])
	for name := range schemas {
		if !used[name] {
			t.Errorf("nothing but events has the schema %s", name)
		}
	}
	for name, wanted := range map[string]bool{"Execution": true, "Record": true, "Started": true, "Listed": false, "ListedRecord": false} {
		object, _ := schemas[name].(map[string]any)
		required, _ := object["required"].([]any)
		if slices.Contains(required, any("logs")) != wanted {
			t.Errorf("%s requires %v", name, required)
		}
	}
}

// checkForGenerators checks one node of the description.
func checkForGenerators(t *testing.T, at string, node map[string]any) {
	t.Helper()
	if node["anyOf"] != nil || node["allOf"] != nil {
		t.Errorf("%s has anyOf or allOf", at)
	}
	if node["oneOf"] != nil {
		discriminator, _ := node["discriminator"].(map[string]any)
		mapping, _ := discriminator["mapping"].(map[string]any)
		if forms, _ := node["oneOf"].([]any); len(mapping) != len(forms) || discriminator["propertyName"] == "" {
			t.Errorf("%s has forms without a discriminator: %v", at, node)
		}
	}
	kinds, _ := node["type"].([]any)
	if isObject := node["type"] == "object" || slices.Contains(kinds, any("object")); isObject && node["properties"] == nil && node["additionalProperties"] == nil {
		t.Errorf("%s is an object of which nothing is said: generators make one without fields", at)
	}
}
