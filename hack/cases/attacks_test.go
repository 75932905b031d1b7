// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package cases

import (
	"go/ast"
	"os"
	"regexp"
	"strings"
	"testing"
)

const attacks = root + "/docs/attacks.md"

// attackTest matches the name of a test in a row.
var attackTest = regexp.MustCompile("`(Test[A-Za-z0-9]+)`")

// Each attack in docs/attacks.md names its tests in the last column, and these tests exist.
func TestEachAttackNamesItsTests(t *testing.T) {
	page, err := os.ReadFile(attacks)
	if err != nil {
		t.Fatal(err)
	}
	all, rows := map[string]bool{}, 0
	eachTest(t, func(_ *ast.File, name string) { all[name] = true })
	for line := range strings.Lines(string(page)) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|---") || strings.HasPrefix(line, "| attack |") {
			continue
		}
		rows++
		cells := strings.Split(strings.Trim(line, "|"), "|")
		named := attackTest.FindAllStringSubmatch(cells[len(cells)-1], -1)
		if len(cells) != 4 || len(named) == 0 {
			t.Errorf("a row names no test in its fourth column: %s", line)
		}
		for _, test := range named {
			if !all[test[1]] {
				t.Errorf("there is no %s, which a row names: %s", test[1], line)
			}
		}
	}
	if rows < 30 {
		t.Errorf("%d rows, want at least 30", rows)
	}
}
