// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

func TestTexts(t *testing.T) {
	module := fstest.MapFS{
		"a/a.go": file(`package a

// Apple is a fruit,
// and no pip.
type Apple struct {
	// Name of it, in
	// two lines.
	Name string ` + "`json:\"name\"`" + `
	// A, B are told of together.
	A, B int
	Silent string ` + "`json:\"silent\"`" + `
}

type (
	// pip is in a group.
	pip struct {
		Grams int ` + "`json:\"grams\"`" + `
	}
	// seed has no JSON.
	seed struct {
		// Grams of it.
		Grams int ` + "`yaml:\"grams\"`" + `
	}
)

// Basket embeds.
type Basket struct{ Apple }

// Empty has nothing.
type Empty struct{}

// Kind is not a struct.
type Kind string

// New is not a type.
func New() {}
`),
		"a/a_test.go": file("package a\n\n// T is of a test.\ntype T struct {\n\tX int `json:\"x\"`\n}\n"),
	}
	got := texts{}
	if err := got.read(module, "a", "example.com/a"); err != nil {
		t.Fatal(err)
	}
	want := texts{
		"example.com/a.Apple":      "Apple is a fruit, and no pip.",
		"example.com/a.Apple.Name": "Name of it, in two lines.",
		"example.com/a.Apple.A":    "A, B are told of together.",
		"example.com/a.Apple.B":    "A, B are told of together.",
		"example.com/a.pip":        "pip is in a group.",
		"example.com/a.Basket":     "Basket embeds.",
		"example.com/a.Empty":      "Empty has nothing.",
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	source, err := texts{"b": `say "b"`, "a": "1"}.source([]byte("// A header.\n"))
	if err != nil || !strings.HasSuffix(string(source), "var sourceComments = Comments{\n\t\"a\": \"1\",\n\t\"b\": \"say \\\"b\\\"\",\n}\n") {
		t.Errorf("%v: %s", err, source)
	}
}

func TestFolders(t *testing.T) {
	module := fstest.MapFS{"a/x.go": file(""), "a/b/x.go": file(""), "a/c/x.go": file(""), "a/c/d/x.go": file(""), "e/x.go": file("")}
	for name, c := range map[string]struct {
		patterns []string
		skip     string
		want     []string
	}{
		"one":             {[]string{"a"}, "", []string{"a"}},
		"with dots":       {[]string{"./a/"}, "", []string{"a"}},
		"all below":       {[]string{"a/..."}, "", []string{"a", "a/b", "a/c", "a/c/d"}},
		"without a part":  {[]string{"a/..."}, "a/c", []string{"a", "a/b"}},
		"several of them": {[]string{"e", "a/b", "a/b"}, "", []string{"a/b", "e"}},
	} {
		got, err := foldersOf(module, c.patterns, c.skip)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if _, err := foldersOf(module, []string{"no-such/..."}, ""); err == nil {
		t.Error("a folder that is not there is no error")
	}
}

func TestMistakes(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out.go")
	for says, c := range map[string]struct {
		module   fstest.MapFS
		out      string
		patterns []string
	}{
		"want -out":               {fstest.MapFS{}, "", []string{"a"}},
		"the folders to read":     {fstest.MapFS{}, out, nil},
		"reading the comments of": {fstest.MapFS{"a/a.go": file("no Go")}, out, []string{"a"}},
		"no type in a, b":         {fstest.MapFS{"a/a.go": file("package a")}, out, []string{"a", "b"}},
	} {
		if err := run(c.module, c.out, "", c.patterns); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v, want %q", err, says)
		}
	}
	if left, err := filepath.Glob(out); err != nil || len(left) > 0 {
		t.Errorf("a failure left %v", slices.Concat(left))
	}
	if err := run(fstest.MapFS{headerFile: file("// A header.\n"), "a/a.go": file("package a\n\n// T is one.\ntype T struct {\n\tX int `json:\"x\"`\n}\n")}, out, "", []string{"a"}); err != nil {
		t.Fatal(err)
	}
	if source, err := os.ReadFile(out); err != nil || !strings.Contains(string(source), `/a.T": "T is one."`) {
		t.Errorf("%v: %s", err, source)
	}
}
