// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestCase33Openings(t *testing.T) {
	for i := range openings {
		o := openings[i]
		for _, line := range []string{o.text + " x", "  " + o.text + " x", "2026-01-02 12:00:00 " + o.text + " x", "[02-Jan-2026 12:00:00 UTC] " + o.text + " x"} {
			if got := plainLevel(line); got != o.level {
				t.Errorf("%q is %s, want %s", line, got, o.level)
			}
		}
		if got := plainLevel("it said " + o.text); got != v1alpha1.LogInfo {
			t.Errorf("%q within a line is %s", o.text, got)
		}
	}
	if got := plainLevel("thread 'main' (7) panicked at src/main.rs:2:5:"); got != v1alpha1.LogError {
		t.Errorf("a panic of Rust is %s", got)
	}
}
