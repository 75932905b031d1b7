// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package phrasestest checks catalogs of phrases in tests.
package phrasestest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/taskexec/taskexec/controllers/phrases"
)

// Check fails the test if a phrase of the catalog is missing in a language, has other arguments there, or is the same
// text. It also reads the package in a folder, and fails if a phrase is used with another number of arguments.
func Check(t *testing.T, catalog *phrases.Catalog, folder string) {
	t.Helper()
	if len(catalog.All()) == 0 {
		t.Fatal("the catalog is empty")
	}
	for _, problem := range Problems(catalog) {
		t.Error(problem)
	}
	for _, problem := range misused(t, folder) {
		t.Error(problem)
	}
}

// Problems returns what is wrong with the phrases of a catalog.
func Problems(catalog *phrases.Catalog) (problems []string) {
	for _, p := range catalog.All() {
		english, chinese := p.Format(phrases.English), p.Format(phrases.Chinese)
		switch {
		case english == "" || chinese == "":
			problems = append(problems, "missing in a language: "+strconv.Quote(english)+", "+strconv.Quote(chinese))
		case !slices.Equal(Arguments(english), Arguments(chinese)):
			problems = append(problems, "other arguments: "+strconv.Quote(english)+", "+strconv.Quote(chinese))
		case hasWords(english) && !strings.ContainsFunc(chinese, func(r rune) bool { return unicode.Is(unicode.Han, r) }):
			problems = append(problems, "not in Chinese: "+strconv.Quote(chinese))
		}
	}
	return problems
}

// hasWords reports whether a format has a word of its own.
func hasWords(format string) bool {
	return strings.ContainsFunc(verb.ReplaceAllString(format, ""), unicode.IsLetter)
}

// verb matches a verb of package fmt, with its explicit index.
var verb = regexp.MustCompile(`%[-+# 0]*(?:\[(\d+)\])?\d*(?:\.\d+)?([a-zA-Z%])`)

// Arguments returns the arguments that a format takes, each as its index and its verb, sorted: "1 s", "2 d".
func Arguments(format string) (arguments []string) {
	next := 1
	for _, match := range verb.FindAllStringSubmatch(format, -1) {
		if match[2] == "%" {
			continue
		}
		if index, err := strconv.Atoi(match[1]); err == nil {
			next = index
		}
		arguments = append(arguments, strconv.Itoa(next)+" "+match[2])
		next++
	}
	slices.Sort(arguments)
	return slices.Compact(arguments)
}

// misused returns the calls of With, in the package in a folder, whose number of arguments is not that of the phrase.
func misused(t *testing.T, folder string) (problems []string) {
	t.Helper()
	files := token.NewFileSet()
	//nolint:staticcheck // types are not needed
	packages, err := parser.ParseDir(files, folder, func(f fs.FileInfo) bool { return !strings.HasSuffix(f.Name(), "_test.go") }, 0)
	if err != nil {
		t.Fatal(err)
	}
	takes, calls := map[string]int{}, 0
	inspect := func(look func(ast.Node)) {
		for _, p := range packages {
			ast.Inspect(p, func(n ast.Node) bool { look(n); return true })
		}
	}
	inspect(func(n ast.Node) { define(takes, n) })
	inspect(func(n ast.Node) {
		name, call := useOf(n)
		wanted, known := takes[name]
		if !known || call.Ellipsis.IsValid() {
			return
		}
		if calls++; len(call.Args) != wanted {
			problems = append(problems, files.Position(call.Pos()).String()+": "+name+" takes "+strconv.Itoa(wanted)+" arguments")
		}
	})
	if len(takes) == 0 || calls == 0 {
		t.Fatalf("%s defines %d phrases and uses them %d times", folder, len(takes), calls)
	}
	return problems
}

// define records how many arguments each phrase takes that a declaration name = catalog.Add("…", "…") defines.
func define(takes map[string]int, n ast.Node) {
	spec, is := n.(*ast.ValueSpec)
	if !is || len(spec.Names) != len(spec.Values) {
		return
	}
	for i, value := range spec.Values {
		call, is := value.(*ast.CallExpr)
		if !is || len(call.Args) != 2 {
			continue
		}
		if function, is := call.Fun.(*ast.SelectorExpr); !is || function.Sel.Name != "Add" {
			continue
		}
		if english, known := textOf(call.Args[0]); known {
			takes[spec.Names[i].Name] = highest(Arguments(english))
		}
	}
}

func highest(arguments []string) (n int) {
	for _, a := range arguments {
		index, _, _ := strings.Cut(a, " ")
		if i, err := strconv.Atoi(index); err == nil {
			n = max(n, i)
		}
	}
	return n
}

// useOf returns the name and the call of name.With(…), or an empty name.
func useOf(n ast.Node) (string, *ast.CallExpr) {
	call, is := n.(*ast.CallExpr)
	if !is {
		return "", nil
	}
	function, is := call.Fun.(*ast.SelectorExpr)
	if !is || function.Sel.Name != "With" {
		return "", nil
	}
	of, is := function.X.(*ast.Ident)
	if !is {
		return "", nil
	}
	return of.Name, call
}

// textOf returns the value of a string literal, or of several with + between them.
func textOf(e ast.Expr) (string, bool) {
	switch v := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(v.Value)
		return text, err == nil
	case *ast.BinaryExpr:
		left, ok := textOf(v.X)
		right, ok2 := textOf(v.Y)
		return left + right, ok && ok2
	default:
		return "", false
	}
}
