// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/prometheus/procfs"
)

// The page has the tables between these marks.
const (
	beginMark = "<!-- begin: written by make bench FLAGS=-write -->\n"
	endMark   = "<!-- end -->\n"
)

// rewrite writes the tables to the page.
func (r *report) rewrite() error {
	page, err := os.ReadFile(r.page)
	if err != nil {
		return err
	}
	page, err = between(page, r.markdown())
	if err != nil {
		return fmt.Errorf("%s: %w", r.page, err)
	}
	return os.WriteFile(r.page, page, 0o644)
}

// between replaces what is between the marks of a page.
func between(page []byte, text string) ([]byte, error) {
	head, rest, found := bytes.Cut(page, []byte(beginMark))
	_, tail, also := bytes.Cut(rest, []byte(endMark))
	if !found || !also {
		return nil, errors.New("it has no marks for the tables")
	}
	return []byte(string(head) + beginMark + text + endMark + string(tail)), nil
}

func (r *report) markdown() string {
	var text strings.Builder
	fmt.Fprintf(&text, "\nMeasured on %s, on %s.\n", r.at.Format("2006-01-02"), machine())
	if r.rounds > 0 {
		fmt.Fprintf(&text, "%d rounds of %d runs of each kind, %d at once; a pod runs for %s and prints %d lines of %d bytes.\n",
			r.rounds, r.runs, r.inFlight, r.RunFor, r.Log.Lines, r.Log.LineBytes)
	}
	main, requests := r.tables()
	for _, rows := range [][][]string{main, requests} {
		if len(rows) == 1 {
			continue
		}
		text.WriteString("\n")
		for i, cells := range rows {
			fmt.Fprintf(&text, "| %s |\n", strings.Join(trimmed(cells), " | "))
			if i == 0 {
				text.WriteString("|" + strings.Repeat("---|", len(cells)) + "\n")
			}
		}
	}
	text.WriteString("\n")
	return text.String()
}

func trimmed(cells []string) []string {
	out := make([]string, len(cells))
	for i, cell := range cells {
		out[i] = strings.TrimSpace(cell)
	}
	return out
}

// machine describes this machine.
func machine() string {
	model := "unknown CPUs"
	memory := "?"
	if fs, err := procfs.NewDefaultFS(); err == nil {
		if cpus, err := fs.CPUInfo(); err == nil && len(cpus) > 0 {
			model = cpus[0].ModelName
		}
		if info, err := fs.Meminfo(); err == nil && info.MemTotal != nil {
			memory = fmt.Sprintf("%.0f GiB", float64(*info.MemTotal)/(1<<20))
		}
	}
	return fmt.Sprintf("%d CPUs (%s), %s of memory, %s, %s/%s", runtime.NumCPU(), model, memory, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
