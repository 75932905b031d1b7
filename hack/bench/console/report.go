// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"runtime"
	"slices"

	"github.com/taskexec/taskexec/hack/bench/harness"
	numbers "github.com/taskexec/taskexec/hack/figures"
)

// The goals. Times are milliseconds, sizes bytes.
const (
	goalFirstLoad = 120 << 10
	goalLogOpen   = 300
	goalLogHeap   = 60 << 20
	goalSearch    = 1000
	goalFilter    = 100
	// goalGrowth is how much more memory may be used: noise of the garbage collector.
	goalGrowth = 3 << 20
)

// figures is what the script measured. Heaps are the JavaScript objects and the page, in bytes; a Settled heap is one after
// a garbage collection.
type figures struct {
	Browser   string
	FirstLoad map[string]int64
	Log       struct {
		AfterAnswer, WithRequest           []float64
		Heap, Settled, Scrolled, LinesRead int64
	}
	Search struct {
		Times, Answer  []float64
		Matches, Lines int64
	}
	List struct {
		Runs                int64
		Filter, FilterShown []float64
		Few, Many           int64
	}
	Open []struct {
		Page    string
		Heaps   []int64
		Nodes   []int64
		Renewed int64
	}
}

// report prints the figures with their goals.
type report struct {
	*options
	*figures
	changed int
	harness.Table
}

func (r *report) print(out io.Writer) error {
	r.Row("", "measured", "goal")
	if !r.onlyOpen {
		r.firstLoad()
		r.log()
		r.list()
	}
	r.open()
	if err := r.Table.Print(out); err != nil {
		return err
	}
	fmt.Fprintf(out, "the open pages saw %d of %d changes of runs, and the log printed %d lines a second\n", r.changed, r.changes, r.lineRate)
	fmt.Fprintf(out, "median of %d rounds, and the worst; %s; %d CPUs, %s/%s, shared with the facade, the API server and etcd\n",
		r.rounds, r.Browser, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
	r.Goals.Print(out)
	return nil
}

func (r *report) firstLoad() {
	for _, encoding := range []string{"br", "gzip"} {
		r.Judged(r.FirstLoad[encoding] <= goalFirstLoad, "first load with its headers, "+encoding, size(r.FirstLoad[encoding]), "≤ "+size(goalFirstLoad))
	}
}

func (r *report) log() {
	r.times(r.Log.AfterAnswer, goalLogOpen, fmt.Sprintf("log of %d lines opens at its end, after the answer", r.lines))
	r.Row("  with the request", spread(r.Log.WithRequest))
	r.Judged(r.Log.Heap < goalLogHeap, "  heap then", fmt.Sprintf("%s, settled %s", size(r.Log.Heap), size(r.Log.Settled)), "< "+size(goalLogHeap))
	r.Judged(r.Log.Scrolled < goalLogHeap, fmt.Sprintf("  heap after %d lines were scrolled back, settled", r.Log.LinesRead), size(r.Log.Scrolled), "< "+size(goalLogHeap))
	r.times(r.Search.Times, goalSearch, fmt.Sprintf("search of %d lines from the key to the list of %d matches", r.Search.Lines, r.Search.Matches))
	r.Row("  of which the facade's answer", spread(r.Search.Answer))
}

func (r *report) list() {
	r.times(r.List.Filter, goalFilter, fmt.Sprintf("list of %d runs filters, from the click to the rows", r.List.Runs))
	r.Judged(r.List.Many-r.List.Few < goalGrowth, fmt.Sprintf("heap with the first runs, and after scrolling to run %d", r.List.Runs),
		size(r.List.Few)+", "+size(r.List.Many), "not more")
}

func (r *report) open() {
	for _, page := range r.Open {
		early, late := quarter(page.Heaps, 1), quarter(page.Heaps, 3)
		r.Judged(late-early < goalGrowth, fmt.Sprintf("%s open for %s, heap in the second quarter and in the last", page.Page, r.duration), size(early)+", "+size(late), "flat")
		r.Row("  nodes of the page", fmt.Sprintf("%d, %d", quarter(page.Nodes, 1), quarter(page.Nodes, 3)))
	}
}

func (r *report) times(measured []float64, goal float64, what string) {
	r.Judged(numbers.Median(measured) < goal, what, spread(measured), fmt.Sprintf("< %.0f ms", goal))
}

func spread(ms []float64) string {
	return fmt.Sprintf("%.0f ms (%.0f)", numbers.Median(ms), slices.Max(ms))
}

func size(bytes int64) string {
	if bytes < 1<<20 {
		return fmt.Sprintf("%.1f KiB", float64(bytes)/(1<<10))
	}
	return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20))
}

// quarter returns the median of a quarter of samples, counted from 0.
func quarter(samples []int64, n int) int64 {
	part := slices.Clone(samples[len(samples)*n/4 : len(samples)*(n+1)/4])
	slices.Sort(part)
	return part[len(part)/2]
}
