// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

func source(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for file, content := range map[string]string{
		"mod/go.mod": "module m\n", "mod/go.sum": "a\n", "mod/main.go": "package main\n", "mod/README.md": "prose\n",
	} {
		write(t, filepath.Join(dir, file), content)
	}
	return dir
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func recipe() Recipe {
	return Recipe{Name: "tool", Version: "v1", Module: "mod", Programs: map[string]string{"tool": "."}, Links: []string{"a", "b"}}
}

func TestKey(t *testing.T) {
	tests := map[string]struct {
		change func(t *testing.T, r *Recipe, source string)
		same   bool
	}{
		"nothing":           {func(*testing.T, *Recipe, string) {}, true},
		"prose":             {func(_ *testing.T, r *Recipe, _ string) { r.Expect = "long" }, true},
		"order of links":    {func(_ *testing.T, r *Recipe, _ string) { r.Links = []string{"b", "a"} }, true},
		"unrelated file":    {func(t *testing.T, _ *Recipe, s string) { write(t, filepath.Join(s, "mod/README.md"), "x") }, true},
		"version":           {func(_ *testing.T, r *Recipe, _ string) { r.Version = "v2" }, false},
		"tags":              {func(_ *testing.T, r *Recipe, _ string) { r.Tags = "seccomp" }, false},
		"linker flags":      {func(_ *testing.T, r *Recipe, _ string) { r.LDFlags = "-s" }, false},
		"a dependency":      {func(t *testing.T, _ *Recipe, s string) { write(t, filepath.Join(s, "mod/go.sum"), "b\n") }, false},
		"the program":       {func(t *testing.T, _ *Recipe, s string) { write(t, filepath.Join(s, "mod/main.go"), "package x\n") }, false},
		"another source":    {func(t *testing.T, _ *Recipe, s string) { write(t, filepath.Join(s, "mod/more.go"), "package main\n") }, false},
		"what it is called": {func(_ *testing.T, r *Recipe, _ string) { r.Links = append(r.Links, "c") }, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir, changed := source(t), recipe()
			before, err := recipe().Key(dir)
			if err != nil {
				t.Fatal(err)
			}
			tt.change(t, &changed, dir)
			after, err := changed.Key(dir)
			if err != nil {
				t.Fatal(err)
			}
			if (before == after) != tt.same {
				t.Errorf("key %s became %s, want the same: %v", before, after, tt.same)
			}
		})
	}
}

func TestKeyNamesWhatItIs(t *testing.T) {
	key, err := recipe().Key(source(t))
	if err != nil {
		t.Fatal(err)
	}
	pattern := "^tool-v1-" + runtime.GOOS + "-" + runtime.GOARCH + "-[0-9a-f]{12}$"
	if !regexp.MustCompile(pattern).MatchString(key) {
		t.Errorf("key %s does not look like %s", key, pattern)
	}
}

// The version in a recipe must be the version in the nested module's go.mod.
func TestVersionsAgreeWithModules(t *testing.T) {
	modules := map[string]string{
		"kubernetes": "k8s.io/kubernetes", "containerd": "github.com/containerd/containerd/v2",
		"runc": "github.com/opencontainers/runc", "cni": "github.com/containernetworking/plugins",
		"coredns": "github.com/coredns/coredns",
	}
	for _, r := range append(Node(), Kubernetes()) {
		module, nested := modules[r.Name]
		if !nested {
			continue
		}
		data, err := os.ReadFile(filepath.Join("..", "..", r.Module, "go.mod"))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(data), module+" "+r.Version) {
			t.Errorf("%s/go.mod does not require %s %s, which the recipe names", r.Module, module, r.Version)
		}
	}
}

func TestFollow(t *testing.T) {
	output := "go: downloading k8s.io/api v0.37.2\ninternal/abi\nk8s.io/api/core/v1\n# example\n./main.go:3:1: syntax error\n"
	want := "# example\n./main.go:3:1: syntax error\n"
	if got := follow(strings.NewReader(output), new(Store).Progress.Start("x")); got != want {
		t.Errorf("kept %q, want %q", got, want)
	}
}
