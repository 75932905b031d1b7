// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"encoding/json"
	"strconv"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// maxPriority is syslog's highest priority: facility 23, severity 7 (RFC 5424, 6.2.1).
const maxPriority = 191

// priority returns the level of a line that begins with a priority of syslog (RFC 3164, RFC 5424) or sd-daemon(3): <3>.
func priority(head string) (v1alpha1.LogLevel, bool) {
	if len(head) < 3 || head[0] != '<' {
		return "", false
	}
	n, digits := 0, 0
	for _, c := range head[1:min(len(head), 5)] {
		if c < '0' || c > '9' {
			break
		}
		n, digits = n*10+int(c-'0'), digits+1
	}
	if digits == 0 || n > maxPriority || len(head) <= digits+1 || head[digits+1] != '>' {
		return "", false
	}
	return severity(n % 8)
}

// syslogLevel reads a severity or a priority in digits, as journald writes it.
func syslogLevel(value any) (v1alpha1.LogLevel, bool) {
	text, ok := value.(string)
	if number, isNumber := value.(json.Number); isNumber {
		text, ok = number.String(), true
	}
	n, err := strconv.ParseUint(text, 10, 8)
	if !ok || err != nil || n > maxPriority {
		return "", false
	}
	return severity(int(n % 8))
}

// severity returns the level of a syslog severity, 0 to 7.
func severity(n int) (v1alpha1.LogLevel, bool) {
	switch {
	case n <= 3: // emergency, alert, critical, error
		return v1alpha1.LogError, true
	case n == 4:
		return v1alpha1.LogWarn, true
	case n <= 6: // notice, informational
		return v1alpha1.LogInfo, true
	default:
		return v1alpha1.LogDebug, true
	}
}
