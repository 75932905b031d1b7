// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestCase33Exceptions(t *testing.T) {
	for want, lines := range map[v1alpha1.LogLevel][]string{
		v1alpha1.LogError: {
			"ValueError: invalid literal", "KeyError: 'x'", "AssertionError", "requests.exceptions.ConnectionError: refused",
			"java.lang.NullPointerException", "java.lang.IllegalStateException: x", "com.acme.Outer$InnerException: x", "TypeError: x is not a function",
			"app.rb:7: SyntaxError: x", "System.InvalidOperationException: x",
		},
		v1alpha1.LogWarn: {"/app/x.py:7: DeprecationWarning: x is old", "UserWarning: x"},
		v1alpha1.LogInfo: {
			"Warnings: none", "Error handling is on", "no ValueError: none", "ErrorCount: 0", "errors.ValueErrors: 0", "Exception handling", "raise ValueError: x",
			"the Error", "MyErrorHandler: ready",
		},
	} {
		for _, line := range lines {
			if got := plainLevel(line); got != want {
				t.Errorf("%q is %s, want %s", line, got, want)
			}
		}
	}
}
