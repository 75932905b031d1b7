// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import "slices"

// readByRules lists the fields below jobTemplate that the Task's CEL rules read. The rules would fail on null.
var readByRules = []string{"spec", "template", "manualSelector", "podReplacementPolicy", "restartPolicy"}

// allowNull lets lists and objects be null, as in a manifest with a key without a value ("env:", which templates
// often produce). A CronJob and Go's decoder treat null as absent. allowNull does not change required fields, the
// keys of lists and fields with a default.
func allowNull(node any) {
	switch n := node.(type) {
	case map[string]any:
		properties, _ := n["properties"].(map[string]any)
		required, _ := n["required"].([]any)
		for name, child := range properties {
			schema, ok := child.(map[string]any)
			if !ok || slices.Contains(required, any(name)) || slices.Contains(readByRules, name) || schema["default"] != nil {
				continue
			}
			if t := schema["type"]; t == "object" || t == "array" {
				schema["nullable"] = true
			}
		}
		for _, child := range n {
			allowNull(child)
		}
	case []any:
		for _, child := range n {
			allowNull(child)
		}
	}
}
