// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"strings"
	"testing"
)

func BenchmarkLine(b *testing.B) {
	for _, c := range []struct{ name, line string }{
		{"plain", "fetched page 3 of 7"},
		{"plain with a stamp", "2026-01-02 12:00:00,123 ERROR no space left on device"},
		{"coloured", "\x1b[32mfetched\x1b[0m page 3 of 7"},
		{"json", `{"time":"2026-01-02T03:04:05Z","level":"INFO","msg":"page fetched","page":3,"users":50}`},
		{"logfmt", `time=2026-01-02T03:04:05Z level=info msg="page fetched" page=3 users=50`},
		{"klog", `I0923 12:34:56.789012    1234 file.go:12] "Page fetched" page=3 users=50`},
		{"plain of 32 KiB", strings.Repeat("fetched page 3 of 7 ", 32<<10/20)},
		{"json of 32 KiB", `{"level":"info","msg":"x","l":[` + strings.Repeat(`{"a":"b"},`, 32<<10/10) + `0]}`},
		{"escapes of 32 KiB", strings.Repeat("\x1b]", 16<<10)},
	} {
		line := []byte(c.line)
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(line)))
			b.ReportAllocs()
			for b.Loop() {
				Line(noon, line, 0)
			}
		})
	}
}
