// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Command crdtrim edits generated CRDs in place.
//
// It makes their schemas as strict as Go's types: see tighten.
//
// It removes the descriptions below a Task's spec.jobTemplate. These 600 KiB are the descriptions of batch/v1, which
// `kubectl explain job` shows too. With them, the CRD would exceed the 256 KiB that `kubectl apply` can keep in its
// annotation. Descriptions of our own fields stay.
//
// It completes the metadata of templates (see metadata.go) and allows null where a CronJob does (see nullable.go).
//
// Usage: crdtrim FILE...
package main

import (
	"errors"
	"fmt"
	"os"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "crdtrim:", err)
		os.Exit(1)
	}
}

func run(files []string) error {
	if len(files) == 0 {
		return errors.New("want the CRDs' files as arguments, got none")
	}
	trimmed := 0
	for _, file := range files {
		if err := mend(file, &trimmed); err != nil {
			return err
		}
	}
	if trimmed == 0 {
		return fmt.Errorf("none of %v has a property jobTemplate", files)
	}
	return nil
}

// mend edits one file and counts the job templates in it.
func mend(file string, trimmed *int) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	// A map, because the typed struct would add fields such as an empty status.
	var crd map[string]any
	if err := yaml.Unmarshal(raw, &crd); err != nil {
		return fmt.Errorf("parsing %s: %w", file, err)
	}
	walk(crd, trimmed)
	tighten(crd)
	out, err := yaml.Marshal(crd)
	if err != nil {
		return err
	}
	if err := yaml.UnmarshalStrict(out, &apiextensionsv1.CustomResourceDefinition{}); err != nil {
		return fmt.Errorf("%s is no CRD any more: %w", file, err)
	}
	return os.WriteFile(file, append([]byte("---\n"), out...), 0o644)
}

// walk strips the schemas below each field with the name jobTemplate, and counts these fields.
func walk(node any, trimmed *int) {
	switch n := node.(type) {
	case map[string]any:
		for key, child := range n {
			if schema, ok := child.(map[string]any); ok && key == "jobTemplate" {
				*trimmed++
				for k, inner := range schema {
					if k != "description" {
						strip(inner)
					}
				}
				completeMetadata(schema)
				allowNull(schema)
				continue
			}
			walk(child, trimmed)
		}
	case []any:
		for _, child := range n {
			walk(child, trimmed)
		}
	}
}

// strip removes descriptions. It removes only text, because a property may also have the name "description".
func strip(node any) {
	switch n := node.(type) {
	case map[string]any:
		if _, isText := n["description"].(string); isText {
			delete(n, "description")
		}
		for _, child := range n {
			strip(child)
		}
	case []any:
		for _, child := range n {
			strip(child)
		}
	}
}
