// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"strings"
	"testing"
)

// FuzzEndless: the fast scan agrees with the check of every byte.
func FuzzEndless(f *testing.F) {
	for _, seed := range []string{
		"", "1e1000", `"1e-9999"`, `{"a":1E+12345,"b":2}`, "e1234", "1.e1234", ".e1234", "12e999", "2026-01-02T03:04:05Z", strings.Repeat("9", 100), strings.Repeat("9", 101),
		strings.Repeat("1.", 51), "abc1e1234", "ab1e1234", "a1e1234", "1e+1e1234", strings.Repeat("x1", 200),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got, want := mayBeEndless([]byte(text)), isEndless([]byte(text)); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	})
}
