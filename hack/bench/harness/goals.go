// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Goals counts missed goals.
type Goals struct{ Missed int }

// Judge returns the verdict on one goal.
func (g *Goals) Judge(met bool) string {
	if met {
		return "met"
	}
	g.Missed++
	return "MISSED"
}

// Print prints the verdict on all goals.
func (g *Goals) Print(out io.Writer) {
	if g.Missed > 0 {
		fmt.Fprintf(out, "%d goals were missed\n", g.Missed)
	} else {
		fmt.Fprintln(out, "All goals were met")
	}
}

// Table has rows of results and counts missed goals.
type Table struct {
	Goals
	rows [][]string
}

// Row adds a row.
func (t *Table) Row(cells ...string) { t.rows = append(t.rows, cells) }

// Judged adds a row with a goal and puts the verdict into the last column.
func (t *Table) Judged(met bool, cells ...string) { t.Row(append(cells, t.Judge(met))...) }

// Print prints the rows in aligned columns.
func (t *Table) Print(out io.Writer) error { return Align(out, t.rows) }

// Align prints rows in aligned columns.
func Align(out io.Writer, rows [][]string) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, cells := range rows {
		fmt.Fprintln(table, strings.TrimRight(strings.Join(cells, "\t"), "\t"))
	}
	return table.Flush()
}
