// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package taskexecution

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"
)

// A new failure reason is a constant in api/v1alpha1/failurereasons.go. It also needs an Event, so that somebody
// notices, and a row in the table of reasons in both languages, so that somebody can look it up.
func TestEachFailureReasonHasAnEventAndARow(t *testing.T) {
	reasons := failureReasons(t)
	if len(reasons) < 20 {
		t.Fatalf("only %d failure reasons were found: %q", len(reasons), reasons)
	}
	for _, page := range []string{"../../docs/using/runs.md", "../../docs/zh/using/runs.md"} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, reason := range reasons {
			if !strings.Contains(string(text), "`"+reason+"`") {
				t.Errorf("%s does not say what %s means", page, reason)
			}
		}
	}
	for _, reason := range reasons {
		if eventTypes[reason] == "" {
			t.Errorf("a run that fails as %s has no Event", reason)
		}
	}
}

// failureReasons returns the constants of the groups "Reasons of a run that failed because ...".
func failureReasons(t *testing.T) (reasons []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../../api/v1alpha1/failurereasons.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	for _, declaration := range file.Decls {
		group, ok := declaration.(*ast.GenDecl)
		if !ok || !strings.Contains(group.Doc.Text(), "failed because") {
			continue
		}
		for _, spec := range group.Specs {
			value, err := strconv.Unquote(spec.(*ast.ValueSpec).Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			reasons = append(reasons, value)
		}
	}
	return reasons
}
