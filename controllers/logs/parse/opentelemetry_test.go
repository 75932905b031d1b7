// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"encoding/json"
	"strconv"
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestCase33OpenTelemetrySeverity(t *testing.T) {
	for n := range 30 {
		want := v1alpha1.LogLevel("")
		switch {
		case n >= 17 && n <= 24:
			want = v1alpha1.LogError
		case n >= 13 && n <= 16:
			want = v1alpha1.LogWarn
		case n >= 9 && n <= 12:
			want = v1alpha1.LogInfo
		case n >= 1 && n <= 8:
			want = v1alpha1.LogDebug
		}
		for _, value := range []any{json.Number(strconv.Itoa(n)), strconv.Itoa(n)} {
			if got, ok := openTelemetryLevel(value); got != want || ok != (want != "") {
				t.Errorf("%#v is %q, want %q", value, got, want)
			}
		}
	}
	runLines(t, 0, map[string]lineCase{
		"as Go writes it":         {`{"Timestamp":"2026-01-02T03:04:05Z","SeverityText":"WARN","SeverityNumber":13,"Body":"x"}`, "warn", "x", `{"SeverityNumber":13}`},
		"as OTLP writes it":       {`{"timeUnixNano":"1700000000000000000","severityNumber":17,"body":{"stringValue":"x"}}`, "error", "x", ""},
		"by the name of the enum": {`{"severityNumber":"SEVERITY_NUMBER_DEBUG2","body":"x"}`, "debug", "x", ""},
		"with underscores":        {`{"severity_number":21,"severity_text":"Custom","body":"x"}`, "error", "x", `{"severity_text":"Custom"}`},
		"a number that is none":   {`{"severityNumber":0,"body":"x"}`, "info", "x", `{"severityNumber":0}`},
		"a body of many fields":   {`{"severityNumber":9,"body":{"kvlistValue":{}}}`, "info", "", `{"body":{"kvlistValue":{}}}`},
		"a body that is none":     {`{"body":"x","to":"y"}`, "info", `{"body":"x","to":"y"}`, ""},
	})
}
