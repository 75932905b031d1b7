// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

// isKlogError reports whether fields without a level are an error of Kubernetes' JSON format
// (component-base/logs/json). Information has its verbosity under v; an error has no v, but err.
func isKlogError(fields map[string]any) bool {
	if _, information := fields["v"]; information {
		return false
	}
	text, ok := fields["err"].(string)
	return ok && text != ""
}
