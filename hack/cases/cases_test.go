// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package cases checks that each case in docs/faults.md has tests, and that the page names all of them.
package cases

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const (
	root = "../.."
	page = root + "/docs/faults.md"
	// firstCases is the number of the original cases. Each fault that was found later added a row.
	firstCases = 20
)

var (
	testOfCase = regexp.MustCompile(`^TestCase([1-9][0-9]*)[A-Z]`)
	// row matches a row of the table: its number and the rest.
	row       = regexp.MustCompile(`(?m)^\| ([0-9]+) \|(.*)$`)
	namedTest = regexp.MustCompile("`(Test[A-Za-z0-9]+)` \\((unit|envtest|node)\\)")
)

// eachTest visits the functions of all test files in the repository.
func eachTest(t *testing.T, visit func(file *ast.File, name string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			if f, isFunc := decl.(*ast.FuncDecl); isFunc && f.Recv == nil {
				visit(file, f.Name.Name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// tests returns the tests of all cases in the repository, each with its case and tier: "7 TestCase7X (node)".
func tests(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	eachTest(t, func(file *ast.File, name string) {
		if match := testOfCase.FindStringSubmatch(name); match != nil {
			found[fmt.Sprintf("%s %s (%s)", match[1], name, tierOf(file))] = true
		}
	})
	return found
}

// tierOf returns the tier of a file from its build constraint.
func tierOf(file *ast.File) string {
	for _, group := range file.Comments {
		switch text := group.List[0].Text; {
		case group.Pos() > file.Package:
			return "unit"
		case text == "//go:build envtest":
			return "envtest"
		case text == "//go:build e2e":
			return "node"
		}
	}
	return "unit"
}

func TestEachCaseHasItsTestsAndThePageNamesThem(t *testing.T) {
	raw, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	there, named, rows, last := tests(t), map[string]bool{}, 0, 0
	for _, match := range row.FindAllStringSubmatch(string(raw), -1) {
		rows++
		number, err := strconv.Atoi(match[1])
		if err != nil || number <= last {
			t.Errorf("after the row of case %d comes that of case %s", last, match[1])
		}
		last = number
		in := namedTest.FindAllStringSubmatch(match[2], -1)
		for _, test := range in {
			named[fmt.Sprintf("%s %s (%s)", match[1], test[1], test[2])] = true
		}
		if len(in) == 0 || strings.Count(match[2], "`Test") != len(in) {
			t.Errorf("the row of case %s names no test, or one without its tier: %s", match[1], match[2])
		}
	}
	if rows < firstCases {
		t.Errorf("%d rows, want at least %d", rows, firstCases)
	}
	for test := range named {
		if !there[test] {
			t.Errorf("the page names what is not there: %s", test)
		}
	}
	for test := range there {
		if !named[test] {
			t.Errorf("the page lacks %s", test)
		}
	}
}
