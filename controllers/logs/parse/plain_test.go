// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"strings"
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestPlainLevel(t *testing.T) {
	for want, lines := range map[v1alpha1.LogLevel][]string{
		v1alpha1.LogError: {
			"ERROR: no space", "error: no space", "Error: no space", "ERROR no space", "ERROR", "  ERROR: indented",
			"[ERROR] x", "[error] x", "[ERROR ] x", "(error) x", "ERROR:root:x", "ERROR - x", "ERR x",
			"panic: runtime error", "fatal: not a git repository", "FATAL x", "fatal error: all goroutines are asleep",
			"PHP Fatal error:  Uncaught Exception", "error[E0308]: mismatched types", "ERRO[0003] x", "CRITICAL x", "emerg: x",
			"Traceback (most recent call last):", `Exception in thread "main" java.lang.Error`, "thread 'main' panicked at src/main.rs:2:5:",
			"2026-01-01 12:00:00 ERROR x", "2026-01-02 12:00:00,123 ERROR x", "2026-01-02T12:00:00.123Z ERROR x",
			"2026-01-02T12:00:00+01:00 error: x", "2026-01-02T12:00:00.000Z\tERROR\tmain.go:1\tx", "12:00PM ERR x",
			"2026/01/02 12:00:00 [error] 7#7: x", "[2026-01-02 12:00:00 +0000] [7] [ERROR] x", "[2026-01-02T12:00:00Z ERROR app] x",
			"2026-01-02 12:00:00.000 UTC [1] ERROR:  relation", "2026-01-02 12:00:00.123 | ERROR    | __main__:f:1 - x",
			"Jan  2 12:00:00 ERROR x", "Fri, 02 Jan 2026 12:00:00 +0000 ERROR x", "[12:00:00][ERROR] x", "1700000000.123 ERROR x",
			"12:00:00.000 [main] ERROR c.e.App - x", "[main] ERROR App - x", "2026-01-02 12:00:00,000 - app.db - ERROR - x",
			"[2/3] ERROR: step failed",
			"[12:00:00 ERR] x", "[12:00:00 FTL] x", "[2026-01-02 12:00:00,123: ERROR/MainProcess] x", "ERROR! x", "ERROR|x",
			"2026-01-02T12:00:00.000000Z 0 [ERROR] [MY-010119] [Server] x", "17 [main] ERROR App - x", "SEVERE: x", "FAIL: TestX", "fail: App[0]",
			"[2026-01-02, 12:00:00 UTC] {task.py:7} ERROR - x", "[Fri Jan 02 12:00:00.123456 2026] [core:error] [pid 7:tid 8] x",
			"[Fri Jan 02 12:00:00 2026] [error] [client ::1] x", "02-Jan-2026 12:00:00.123 SEVERE [main] x", "[02/Jan/2026:12:00:00 +0000] ERROR x",
		},
		v1alpha1.LogWarn: {
			"[WARN] x", "warning: unused", "WARN x", "2026-01-02T12:00:00Z  WARN app: x", "[2026-01-02T12:00:00Z] [warning] x",
			"[12:00:00 WRN] x", "[ssl:warn] x", "WARNING:root:x", "[02-Jan-2026 12:00:00] WARNING: [pool www] x",
		},
		v1alpha1.LogDebug: {"[DEBUG] x", "debug: x", "TRACE x", "DEBU[0001] x", "[2026-01-02T12:00:00Z] [debug] x", "FINE: x", "CONFIG: x", "[12:00:00 VRB] x", "dbug: App[0]"},
		v1alpha1.LogInfo: {
			"", "text", "INFO x", "[info] error: none", "NOTICE: x", "0 errors found", "no error was found", "3 ERROR lines", "1 error: x",
			"error rates fall", "Error handling is on", "errors: 0", "ERRORS found", "[main] started", "[main] error handling is on",
			"12:00:00 error rates fall", "the error: x", "errored: x", "fatal flaw", "panicking", "Warnings: none", "[errors] x",
			"http://error: x", "<error>x</error>", "a - b - ERROR", "level=error but prose", "2026-01-02", "[", "(", "ERROR_CODE x", "-", "[]",
			"config: x", "fine: x", "Fine: x", "2026 ERROR lines", "2 [a] b", "17 [main] error", "{a} b", "[a:b] ERRORS", "ERROR.log is there", "a/b: c",
			strings.Repeat("1:1 ", 9) + "ERROR: too many stamps to be some", strings.Repeat(" ", maxHead) + "ERROR: too far",
		},
	} {
		for _, line := range lines {
			if got := plainLevel(line); got != want {
				t.Errorf("%q is %s, want %s", line, got, want)
			}
		}
	}
}
