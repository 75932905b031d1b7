// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package backlog

import (
	"strings"
	"testing"
)

func TestCase49NamespaceHasRoomForSoMuch(t *testing.T) {
	limits := Limits{Runs: 3, Bytes: 1000}
	for name, c := range map[string]struct {
		limits Limits
		held   Held
		size   int64
		says   []string // empty if there is room
	}{
		"nothing waits":            {limits, Held{}, 1000, nil},
		"one less than may":        {limits, Held{2, 900}, 100, nil},
		"as many as may":           {limits, Held{3, 30}, 1, []string{`namespace "ns"`, "3 runs wait", "at most 3", "--max-waiting-per-namespace", "cancel"}},
		"more than may":            {limits, Held{7, 30}, 1, []string{"7 runs wait"}},
		"as many bytes as may":     {limits, Held{2, 1000}, 1, []string{"take 1000 bytes", "this one would take 1", "may take 1000", "--max-waiting-bytes-per-namespace", "less in the params"}},
		"one that never has room":  {limits, Held{}, 1001, []string{"take 0 bytes", "would take 1001"}},
		"no limits":                {Limits{}, Held{1 << 30, 1 << 60}, 1 << 60, nil},
		"only a limit of runs":     {Limits{Runs: 1}, Held{0, 1 << 40}, 1 << 40, nil},
		"only a limit of bytes":    {Limits{Bytes: 1}, Held{9, 0}, 1, nil},
		"runs are looked at first": {limits, Held{3, 1000}, 1000, []string{"3 runs wait"}},
	} {
		t.Run(name, func(t *testing.T) {
			full := c.limits.Judge("ns", c.held, c.size)
			if (full == nil) != (c.says == nil) {
				t.Fatalf("got %v", full)
			}
			for _, part := range c.says {
				if !strings.Contains(full.Error(), part) {
					t.Errorf("%q does not say %q", full.Error(), part)
				}
			}
		})
	}
}
