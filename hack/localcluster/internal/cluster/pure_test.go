// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package cluster

import (
	"slices"
	"testing"
)

func TestNormalize(t *testing.T) {
	tests := map[string]string{
		"app":                             "docker.io/library/app:latest",
		"app:dev":                         "docker.io/library/app:dev",
		"team/app:dev":                    "docker.io/team/app:dev",
		"localhost/app:dev":               "localhost/app:dev",
		"localhost:5000/app":              "localhost:5000/app:latest",
		"registry.example.com/team/app:1": "registry.example.com/team/app:1",
	}
	for ref, want := range tests {
		if got := normalize(ref); got != want {
			t.Errorf("normalize(%q) = %q, want %q", ref, got, want)
		}
	}
}

func TestParseMounts(t *testing.T) {
	table := `24 1 8:1 / / rw,relatime - ext4 /dev/root rw
31 24 0:26 / /sys/fs/cgroup/memory rw,nosuid shared:9 - cgroup cgroup rw,memory
40 24 0:30 / /a\040b rw - tmpfs none rw
cut off
`
	want := []mount{{"/", "ext4"}, {"/sys/fs/cgroup/memory", "cgroup"}, {"/a b", "tmpfs"}}
	if got := parseMounts(table); !slices.Equal(got, want) {
		t.Errorf("parseMounts = %v, want %v", got, want)
	}
}

// A component is restarted when its digest changes. So the digest must cover everything that matters, and must be
// stable.
func TestDigest(t *testing.T) {
	base := func() component {
		return component{name: "x", program: "/bin/x", args: []string{"--a"}, files: map[string][]byte{"/1": []byte("1"), "/2": []byte("2")}}
	}
	tests := map[string]struct {
		change func(*component)
		same   bool
	}{
		"nothing":            {func(*component) {}, true},
		"another program":    {func(c *component) { c.program = "/bin/y" }, false},
		"another argument":   {func(c *component) { c.args = []string{"--b"} }, false},
		"split argument":     {func(c *component) { c.args = []string{"-", "-a"} }, false},
		"another file":       {func(c *component) { c.files["/2"] = []byte("3") }, false},
		"another variable":   {func(c *component) { c.env = []string{"A=B"} }, false},
		"another grace time": {func(c *component) { c.grace = 1 }, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			changed := base()
			tt.change(&changed)
			if (base().digest() == changed.digest()) != tt.same {
				t.Errorf("same digest: %v, want %v", !tt.same, tt.same)
			}
		})
	}
}

func TestSettingsValidate(t *testing.T) {
	tests := map[string]struct {
		change func(*Settings)
		valid  bool
	}{
		"the defaults":            {func(*Settings) {}, true},
		"small logs":              {func(s *Settings) { s.LogMaxSize, s.LogMaxFiles, s.LogMonitorInterval = "16Ki", 2, "3s" }, true},
		"bytes":                   {func(s *Settings) { s.LogMaxSize = "4096" }, true},
		"a size that is a word":   {func(s *Settings) { s.LogMaxSize = "big" }, false},
		"a size of nothing":       {func(s *Settings) { s.LogMaxSize = "0Mi" }, false},
		"one file":                {func(s *Settings) { s.LogMaxFiles = 1 }, false},
		"an interval too short":   {func(s *Settings) { s.LogMonitorInterval = "1s" }, false},
		"an interval without one": {func(s *Settings) { s.LogMonitorInterval = "10" }, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			settings := defaults()
			tt.change(&settings)
			if err := settings.validate(); (err == nil) != tt.valid {
				t.Errorf("validate = %v, want valid: %v", err, tt.valid)
			}
		})
	}
}
