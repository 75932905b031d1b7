// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// openTelemetryLevel reads a severity number, in digits or as the name of its enum (SEVERITY_NUMBER_ERROR2). Each level
// has four numbers: https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber
func openTelemetryLevel(value any) (v1alpha1.LogLevel, bool) {
	text, ok := value.(string)
	if !ok {
		number, isNumber := value.(json.Number)
		if !isNumber {
			return "", false
		}
		text = number.String()
	}
	n, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil:
		return levelOf(strings.TrimPrefix(text, "SEVERITY_NUMBER_"))
	case n >= 1 && n < 9: // trace, debug
		return v1alpha1.LogDebug, true
	case n >= 9 && n < 13:
		return v1alpha1.LogInfo, true
	case n >= 13 && n < 17:
		return v1alpha1.LogWarn, true
	case n >= 17 && n < 25: // error, fatal
		return v1alpha1.LogError, true
	default:
		return "", false
	}
}

var bodyKeys = spellings("body")

// plainBody unwraps a body that OTLP's JSON wraps with its type.
func plainBody(fields map[string]any) {
	for _, key := range bodyKeys {
		if body, ok := fields[key].(map[string]any); ok && len(body) == 1 {
			if text, ok := body["stringValue"].(string); ok {
				fields[key] = text
			}
		}
	}
}
