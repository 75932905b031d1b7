// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestBounded(t *testing.T) {
	for name, c := range map[string]struct {
		message string
		missing int64
		cut     bool
	}{
		"short":             {"x", 0, false},
		"just fits":         {strings.Repeat("x", MaxMessage), 0, false},
		"one too many":      {strings.Repeat("x", MaxMessage+1), 0, true},
		"short but cut":     {"x", 5, true},
		"wide runes":        {strings.Repeat("同", 1000), 1 << 30, true},
		"wider runes":       {"x" + strings.Repeat("👩", 1000), 1, true},
		"beyond all counts": {strings.Repeat("x", 5000), math.MaxInt64, true},
	} {
		t.Run(name, func(t *testing.T) {
			got := bounded(c.message, c.missing)
			if len(got) > MaxMessage || !utf8.ValidString(got) {
				t.Errorf("%d bytes: %q", len(got), got)
			}
			if !c.cut {
				if got != c.message {
					t.Errorf("got %q", got)
				}
				return
			}
			kept, mark, _ := strings.Cut(got, " … ")
			missing := int64(len(c.message) - len(kept))
			missing += min(c.missing, math.MaxInt64-missing)
			if want := fmt.Sprintf("(%d bytes more)", missing); mark != want || !strings.HasPrefix(c.message, kept) {
				t.Errorf("it ends on %q, want %q", mark, want)
			}
		})
	}
}
