// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"strings"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// openings are the first words of runtimes that crash, and of tools with their own format.
var openings = []struct {
	text  string
	level v1alpha1.LogLevel
}{
	{"Traceback (most recent call last)", v1alpha1.LogError}, // Python
	{`Exception in thread "`, v1alpha1.LogError},             // the JVM
	{"Caused by: ", v1alpha1.LogError},
	{"fatal error:", v1alpha1.LogError}, // Go
	{"Fatal error:", v1alpha1.LogError}, // PHP, OCaml, Swift
	{"PHP Fatal error:", v1alpha1.LogError},
	{"PHP Parse error:", v1alpha1.LogError},
	{"PHP Warning:", v1alpha1.LogWarn},
	{"PHP Deprecated:", v1alpha1.LogWarn},
	{"Unhandled exception", v1alpha1.LogError}, // .NET, Dart
	{"Uncaught ", v1alpha1.LogError},           // JavaScript
	{"(node:", v1alpha1.LogWarn},               // Node's own warnings
	{"terminate called ", v1alpha1.LogError},   // C++
	{"Segmentation fault", v1alpha1.LogError},
	{"npm ERR!", v1alpha1.LogError},
	{"npm error ", v1alpha1.LogError},
	{"npm WARN ", v1alpha1.LogWarn},
	{"npm warn ", v1alpha1.LogWarn},
	{"::error", v1alpha1.LogError}, // GitHub's workflow commands
	{"::warning", v1alpha1.LogWarn},
	{"::debug::", v1alpha1.LogDebug},
	{"##[error]", v1alpha1.LogError}, // Azure Pipelines
	{"##[warning]", v1alpha1.LogWarn},
	{"##[debug]", v1alpha1.LogDebug},
}

// opening returns the level of a line that begins with such words.
func opening(head string) (v1alpha1.LogLevel, bool) {
	for i := range openings {
		if strings.HasPrefix(head, openings[i].text) {
			return openings[i].level, true
		}
	}
	if strings.HasPrefix(head, "thread '") && strings.Contains(head, " panicked at ") { // Rust
		return v1alpha1.LogError, true
	}
	return "", false
}
