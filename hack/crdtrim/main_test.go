// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os"
	"testing"

	"sigs.k8s.io/yaml"
)

// bases is the path of the generated CRD.
const bases = "../../config/crd/bases/taskexec.dev_tasks.yaml"

func taskCRD(t *testing.T) map[string]any {
	t.Helper()
	raw, err := os.ReadFile(bases)
	if err != nil {
		t.Fatal(err)
	}
	var crd map[string]any
	if err := yaml.Unmarshal(raw, &crd); err != nil {
		t.Fatal(err)
	}
	return crd
}

// kubectl keeps the whole CRD as JSON in an annotation. All annotations of an object together may have 256 KiB.
func TestCase30CRDFitsIntoTheAnnotationOfApply(t *testing.T) {
	raw, err := json.Marshal(taskCRD(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(raw) > 200<<10 {
		t.Errorf("the CRD is %d bytes of JSON", len(raw))
	}
}

// The metadata of each template has all fields and accepts creationTimestamp: null.
func TestCase30TemplatesHaveWholeMetadata(t *testing.T) {
	found := 0
	var look func(node any)
	look = func(node any) {
		switch n := node.(type) {
		case map[string]any:
			if fields, ok := n["metadata"].(map[string]any); ok && fields["type"] == "object" {
				if properties, ok := fields["properties"].(map[string]any); ok {
					found++
					for _, name := range []string{"labels", "annotations", "finalizers", "name", "namespace", "generateName", "uid", "ownerReferences", "managedFields"} {
						if properties[name] == nil {
							t.Errorf("a metadata has no %s", name)
						}
					}
					if at, ok := properties["creationTimestamp"].(map[string]any); !ok || at["nullable"] != true {
						t.Errorf("creationTimestamp is %v", properties["creationTimestamp"])
					}
				}
			}
			for _, child := range n {
				look(child)
			}
		case []any:
			for _, child := range n {
				look(child)
			}
		}
	}
	look(taskCRD(t))
	if found != 3 { // the Job's, the pods' and that of an ephemeral volume claim
		t.Errorf("%d metadata with fields", found)
	}
}

// Null is not accepted for fields that CEL rules read, required fields, the keys of lists and fields with a default.
func TestCase30NullOnlyWhereItMeansAbsent(t *testing.T) {
	nulls := 0
	var look func(node any)
	look = func(node any) {
		switch n := node.(type) {
		case map[string]any:
			properties, _ := n["properties"].(map[string]any)
			required, _ := n["required"].([]any)
			for _, name := range required {
				if schema, ok := properties[name.(string)].(map[string]any); ok && schema["nullable"] == true {
					t.Errorf("%v is required and may be null", name)
				}
			}
			for _, name := range readByRules {
				if schema, ok := properties[name].(map[string]any); ok && schema["nullable"] == true {
					t.Errorf("%s is read by rules and may be null", name)
				}
			}
			if n["nullable"] == true {
				nulls++
			}
			for _, child := range n {
				look(child)
			}
		case []any:
			for _, child := range n {
				look(child)
			}
		}
	}
	look(taskCRD(t))
	if nulls < 100 {
		t.Errorf("only %d fields may be null", nulls)
	}
}
