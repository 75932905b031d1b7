// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"regexp"
	"strings"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// anException matches the name of an exception with its package at the start of a line, optionally after a place in the
// code: "ValueError: x", "java.lang.IllegalStateException: x", "/app/x.py:7: DeprecationWarning: x".
var anException = regexp.MustCompile(`^(?:\S+: )?(?:[\w$]+\.)*[A-Z][\w$]*(Error|Exception|Warning)(?::|$)`)

// exception returns the level of a line that begins with an exception.
func exception(head string) (v1alpha1.LogLevel, bool) {
	if !strings.Contains(head, "Error") && !strings.Contains(head, "Exception") && !strings.Contains(head, "Warning") {
		return "", false // nearly all lines
	}
	switch found := anException.FindStringSubmatch(head); {
	case found == nil:
		return "", false
	case found[1] == "Warning":
		return v1alpha1.LogWarn, true
	default:
		return v1alpha1.LogError, true
	}
}
