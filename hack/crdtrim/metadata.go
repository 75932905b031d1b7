// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

// completeMetadata gives each metadata below a schema all fields of Kubernetes' ObjectMeta. controller-gen writes
// only five of them (generateEmbeddedObjectMeta), and the API server refuses or drops the others. A template copied
// from a CronJob or a Job has others, above all creationTimestamp: null. A CronJob accepts them, and uses labels,
// annotations and a pod template's finalizers.
func completeMetadata(node any) {
	switch n := node.(type) {
	case map[string]any:
		properties, _ := n["properties"].(map[string]any)
		if metadata, ok := properties["metadata"].(map[string]any); ok {
			if fields, ok := metadata["properties"].(map[string]any); ok {
				for name, schema := range restOfMetadata() {
					fields[name] = schema
				}
			}
		}
		for _, child := range n {
			completeMetadata(child)
		}
	case []any:
		for _, child := range n {
			completeMetadata(child)
		}
	}
}

// restOfMetadata returns the fields that controller-gen leaves out. Their schemas accept exactly what Go's
// metav1.ObjectMeta can decode, because a Task that does not decode could not be read.
func restOfMetadata() map[string]any {
	text := func() map[string]any { return map[string]any{"type": "string"} }
	truth := func() map[string]any { return map[string]any{"type": "boolean"} }
	return map[string]any{
		"creationTimestamp":          moment(),
		"deletionTimestamp":          moment(),
		"deletionGracePeriodSeconds": map[string]any{"type": "integer", "format": "int64"},
		"generateName":               text(),
		"generation":                 map[string]any{"type": "integer", "format": "int64"},
		"managedFields": listOf(map[string]any{
			"apiVersion": text(), "fieldsType": text(), "manager": text(), "operation": text(), "subresource": text(), "time": moment(),
			"fieldsV1": map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true},
		}),
		"ownerReferences": listOf(map[string]any{
			"apiVersion": text(), "kind": text(), "name": text(), "uid": text(), "controller": truth(), "blockOwnerDeletion": truth(),
		}),
		"resourceVersion": text(),
		"selfLink":        text(),
		"uid":             text(),
	}
}

// moment returns the schema of a time as metav1.Time reads it. It is RFC 3339. The format date-time alone would
// accept more.
func moment() map[string]any {
	return map[string]any{
		"type": "string", "format": "date-time", "nullable": true,
		"pattern": timePattern,
	}
}

func listOf(properties map[string]any) map[string]any {
	return map[string]any{"type": "array", "items": map[string]any{"type": "object", "properties": properties}}
}
