// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"encoding/json"
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestLevelOf(t *testing.T) {
	for want, values := range map[v1alpha1.LogLevel][]any{
		v1alpha1.LogDebug: {"trace", "DEBUG", "debug-4", "debug2", "Verbose", "finest", "silly", "D", "Level(-2)", "10", json.Number("10"), json.Number("20"), json.Number("100")},
		v1alpha1.LogInfo:  {"info", "INFO+2", "Notice", "informational", "I", " info ", json.Number("30"), json.Number("35"), json.Number("200"), json.Number("250"), json.Number("20000")},
		v1alpha1.LogWarn:  {"warn", "WARNING", "wrn", "W", "warnings", "40", json.Number("40"), json.Number("40.0"), json.Number("300"), json.Number("30000")},
		v1alpha1.LogError: {"error", "Fatal", "panic", "dpanic", "CRITICAL", "alert", "emerg", "EMERGENCY", "severe", "ERR!", "\x1b[31mERROR\x1b[0m", json.Number("50"), json.Number("60"), json.Number("400"), json.Number("600")},
		"":                {"", "gold", nil, true, map[string]any{}, "NaN", "inf1e", json.Number("0"), json.Number("3"), json.Number("-4"), json.Number("9000"), json.Number("1e999999")},
	} {
		for _, value := range values {
			if got, ok := levelOf(value); got != want || ok != (want != "") {
				t.Errorf("%#v is %q, want %q", value, got, want)
			}
		}
	}
}
