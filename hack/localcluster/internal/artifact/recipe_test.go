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

const program = "//go:build linux\n\n// Command tool does it.\npackage main\n\nfunc main() { print(1); print(2) }\n"

func source(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for file, content := range map[string]string{
		"mod/go.mod": "module m\n\nrequire a v1 // indirect\n", "mod/go.sum": "a\n", "mod/main.go": program, "mod/README.md": "prose\n",
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
		"nothing":        {func(*testing.T, *Recipe, string) {}, true},
		"prose":          {func(_ *testing.T, r *Recipe, _ string) { r.Expect = "long" }, true},
		"order of links": {func(_ *testing.T, r *Recipe, _ string) { r.Links = []string{"b", "a"} }, true},
		"comments": {func(t *testing.T, _ *Recipe, s string) {
			write(t, filepath.Join(s, "mod/main.go"), strings.Replace(program, "does it", "works", 1))
		}, true},
		"white space": {func(t *testing.T, _ *Recipe, s string) {
			write(t, filepath.Join(s, "mod/main.go"), strings.Replace(program, "; ", "\n\t", 1))
		}, true},
		"comments in go.mod": {func(t *testing.T, _ *Recipe, s string) {
			write(t, filepath.Join(s, "mod/go.mod"), "// All.\nmodule m\n\nrequire a v1\n")
		}, true},
		"a requirement": {func(t *testing.T, _ *Recipe, s string) {
			write(t, filepath.Join(s, "mod/go.mod"), "module m\n\nrequire a v2 // indirect\n")
		}, false},
		"a directive": {func(t *testing.T, _ *Recipe, s string) {
			write(t, filepath.Join(s, "mod/main.go"), strings.Replace(program, "linux", "unix", 1))
		}, false},
		"a literal": {func(t *testing.T, _ *Recipe, s string) {
			write(t, filepath.Join(s, "mod/main.go"), strings.Replace(program, "2", "3", 1))
		}, false},
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

func TestGoTokens(t *testing.T) {
	for name, c := range map[string]struct {
		a, b string
		same bool
	}{
		"cgo is in a comment": {"package p\n\n// #define A 1\nimport \"C\"\n", "package p\n\n// #define A 2\nimport \"C\"\n", false},
		"a string is code":    {"package p\n\nvar s = \"// a\"\n", "package p\n\nvar s = \"// b\"\n", false},
		"a trailing comment":  {"package p\n\nvar s = 1 // a\n", "package p\n\nvar s = 1\n", true},
	} {
		a, errA := goTokens("a.go", []byte(c.a))
		b, errB := goTokens("b.go", []byte(c.b))
		if errA != nil || errB != nil || (string(a) == string(b)) != c.same {
			t.Errorf("%s: %q and %q, errors %v and %v", name, a, b, errA, errB)
		}
	}
	if _, err := goTokens("a.go", []byte("package p\n\nvar s = 'unclosed\n")); err == nil {
		t.Error("what is no Go has tokens")
	}
}

// What was built from the same bytes is found, and found again after a change of comments. A change of the code needs
// a build.
func TestLookup(t *testing.T) {
	s := Store{Dir: t.TempDir(), Source: source(t)}
	exact, err := recipe().exactKey(s.Source)
	if err != nil {
		t.Fatal(err)
	}
	old := filepath.Join(s.Dir, exact)
	look := func(when string, built bool) {
		t.Helper()
		dir, is, err := s.Lookup(recipe())
		if err != nil || is != built || built && dir != old {
			t.Errorf("%s: %s, built %t, error %v", when, dir, is, err)
		}
	}
	look("before a build", false)
	write(t, filepath.Join(old, "tool"), "")
	look("after it", true)
	main := filepath.Join(s.Source, "mod", "main.go")
	write(t, main, strings.Replace(program, "does it", "works", 1))
	look("after a change of comments", true)
	write(t, main, strings.Replace(program, "2", "3", 1))
	look("after a change of the code", false)
}

// Somebody deletes a folder to build it again. The link to it is replaced.
func TestFolderThatWasDeletedIsBuiltAgain(t *testing.T) {
	s := Store{Dir: t.TempDir(), Source: t.TempDir()}
	write(t, filepath.Join(s.Source, "mod", "go.mod"), "module m\n\ngo 1.26\n")
	write(t, filepath.Join(s.Source, "mod", "main.go"), "package main\n\nfunc main() {}\n")
	key, err := recipe().Key(s.Source)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("deleted", filepath.Join(s.Dir, key)); err != nil {
		t.Fatal(err)
	}
	dirs, err := s.Ensure(t.Context(), recipe())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dirs["tool"], "tool")); err != nil {
		t.Error(err)
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
