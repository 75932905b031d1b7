// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/taskexec/taskexec/hack/bench/lab"
)

func TestBetween(t *testing.T) {
	for name, c := range map[string]struct{ page, want string }{
		"empty":       {"a\n" + beginMark + endMark + "z\n", "a\n" + beginMark + "new\n" + endMark + "z\n"},
		"again":       {"a\n" + beginMark + "old\n" + endMark, "a\n" + beginMark + "new\n" + endMark},
		"no marks":    {"a\n", ""},
		"no end":      {"a\n" + beginMark + "old\n", ""},
		"wrong order": {endMark + beginMark, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := between([]byte(c.page), "new\n")
			if (err != nil) != (c.want == "") || string(got) != c.want {
				t.Errorf("got %q, %v, want %q", got, err, c.want)
			}
		})
	}
}

// The tables say which goals the rounds and the memory missed.
func TestTables(t *testing.T) {
	begin := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	round := func(seconds, writes, cpu float64) *measured {
		counters := func(n float64) *counters {
			return &counters{
				requests:   map[request]float64{{"POST", "jobs"}: n * writes},
				reconciles: map[string]float64{},
				controller: lab.Use{CPU: time.Duration(n * cpu * float64(time.Second))},
			}
		}
		return &measured{
			runs: 10, first: begin, last: begin.Add(time.Duration(seconds * float64(time.Second))),
			before: counters(0), after: counters(10), latencies: []time.Duration{time.Second},
		}
	}
	for name, c := range map[string]struct {
		execution *measured
		memory    uint64
		missed    []string
	}{
		"all met":         {round(1, 16, 0.004), 100 << 20, nil},
		"slower":          {round(1.1, 16, 0.004), 100 << 20, []string{"runs finished"}},
		"more writes":     {round(1, 17, 0.004), 100 << 20, []string{"API writes"}},
		"more of the CPU": {round(1, 16, 0.005), 100 << 20, []string{"controller's CPU"}},
		"more of memory":  {round(1, 16, 0.004), 129 << 20, []string{"and after", "at most"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := &report{
				options: &options{kept: 10}, jobs: rounds{round(1, 12, 0)}, taskExecutions: rounds{c.execution},
				memory: &memory{steady: lab.Use{Resident: c.memory, Peak: c.memory}},
			}
			rows, _ := r.tables()
			var missed []string
			for _, cells := range rows {
				if cells[5] == "MISSED" {
					missed = append(missed, cells[0])
				}
			}
			if len(missed) != len(c.missed) || r.Missed != len(c.missed) {
				t.Fatalf("missed %q, want %q", missed, c.missed)
			}
			for i := range missed {
				if !strings.Contains(missed[i], c.missed[i]) {
					t.Errorf("missed %q, want %q", missed[i], c.missed[i])
				}
			}
			if text := r.markdown(); !strings.Contains(text, "|---|---|---|---|---|---|\n") {
				t.Errorf("no table in %s", text)
			}
		})
	}
}
