// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package cases

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const architecture = "../../docs/developing/architecture.md"

// ownPath matches the paths of this repository in the text, from its root.
var ownPath = regexp.MustCompile("`((?:api|apiserver|cmd|config|controllers|docs|hack)(?:/[\\w.-]+)*)`")

func TestArchitectureNamesExistingPaths(t *testing.T) {
	text, err := os.ReadFile(architecture)
	if err != nil {
		t.Fatal(err)
	}
	found := ownPath.FindAllStringSubmatch(string(text), -1)
	if len(found) < 20 {
		t.Fatalf("only %d paths were found", len(found))
	}
	for _, match := range found {
		if _, err := os.Stat(filepath.Join("../..", match[1])); err != nil {
			t.Errorf("%s names %s: %v", architecture, match[1], err)
		}
	}
}

// Each row of the table "Where is ...?" names a file and something that the file declares.
func TestArchitectureSaysWhereThingsAre(t *testing.T) {
	text, err := os.ReadFile(architecture)
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), "| what | where | name there |")
	if !found {
		t.Fatal("the table is missing")
	}
	rows := regexp.MustCompile("(?m)^\\| ([^|]+) \\| `([^`]+\\.go)` \\| `(\\w+)` \\|$").FindAllStringSubmatch(table, -1)
	if want := strings.Count(table, "\n|") - 1; len(rows) != want || want < 15 {
		t.Fatalf("%d of %d rows have a file and a name", len(rows), want)
	}
	for _, row := range rows {
		if names := declared(t, filepath.Join("../..", row[2])); !slices.Contains(names, row[3]) {
			t.Errorf("%s: %s does not declare %s, only %q", row[1], row[2], row[3], names)
		}
	}
}

// declared returns the names that a file declares at the top level, and those of its methods.
func declared(t *testing.T, path string) (names []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, declaration := range file.Decls {
		switch d := declaration.(type) {
		case *ast.FuncDecl:
			names = append(names, d.Name.Name)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					names = append(names, s.Name.Name)
				case *ast.ValueSpec:
					for _, name := range s.Names {
						names = append(names, name.Name)
					}
				}
			}
		}
	}
	return names
}
