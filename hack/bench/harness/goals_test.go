// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"strings"
	"testing"
)

func TestTable(t *testing.T) {
	var table Table
	table.Row("", "measured", "goal")
	table.Judged(true, "rate", "5/s", "4/s")
	table.Row("a longer name", "1", "")
	var out strings.Builder
	if err := table.Print(&out); err != nil {
		t.Fatal(err)
	}
	table.Goals.Print(&out)
	want := "               measured  goal\n" +
		"rate           5/s       4/s  met\n" +
		"a longer name  1\n" +
		"All goals were met\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
	table.Judged(false, "rate", "3/s", "4/s")
	table.Judged(false, "memory", "3", "2")
	out.Reset()
	table.Goals.Print(&out)
	if out.String() != "2 goals were missed\n" || table.Missed != 2 {
		t.Errorf("got %q, %d missed", out.String(), table.Missed)
	}
}
