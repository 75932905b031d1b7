// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import "testing"

func TestCase33PythonLevelNumbers(t *testing.T) {
	runLines(t, 0, map[string]lineCase{
		"debug":        {`{"levelno":10,"message":"x"}`, "debug", "x", ""},
		"info":         {`{"levelno":20,"message":"x"}`, "info", "x", ""},
		"warning":      {`{"levelno":30,"message":"x"}`, "warn", "x", ""},
		"error":        {`{"levelno":40,"message":"x"}`, "error", "x", ""},
		"critical":     {`{"levelno":50,"message":"x"}`, "error", "x", ""},
		"beside words": {`{"levelname":"INFO","levelno":20,"message":"x"}`, "info", "x", `{"levelno":20}`},
		"not set":      {`{"levelno":0,"message":"x"}`, "info", "x", `{"levelno":0}`},
		"the default":  {"ERROR:root:x", "error", "ERROR:root:x", ""},
		"of a warning": {"WARNING:app.db:x", "warn", "WARNING:app.db:x", ""},
	})
}
