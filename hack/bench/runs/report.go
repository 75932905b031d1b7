// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/taskexec/taskexec/hack/bench/harness"
	"github.com/taskexec/taskexec/hack/figures"
)

// The goals: see the table of docs/performance.md.
const (
	goalRate   = 0.95
	goalWrites = 4.0
	goalCPU    = 4 * time.Millisecond
	goalMemory = 128 << 20
)

// report has all results.
type report struct {
	*options
	at                   time.Time
	jobs, taskExecutions rounds
	paced, underLimits   map[*kind]*measured
	memory               *memory
	rows                 [][]string
	harness.Goals
}

// columns is the number of columns of a table: name, bare Job, TaskExecution, comparison, goal, verdict.
const columns = 6

func (r *report) add(k *kind, m *measured) {
	if k == bareJobs {
		r.jobs = append(r.jobs, m)
	} else {
		r.taskExecutions = append(r.taskExecutions, m)
	}
}

// print prints both tables and the verdict.
func (r *report) print(out io.Writer) error {
	main, requests := r.tables()
	for _, rows := range [][][]string{main, requests} {
		if len(rows) == 1 {
			continue
		}
		if err := harness.Align(out, rows); err != nil {
			return err
		}
		fmt.Fprintln(out)
	}
	fmt.Fprintln(out, machine()+"; control plane, nodes, controller and this program share it")
	r.Goals.Print(out)
	return nil
}

// tables returns the table of results and that of the requests per run.
func (r *report) tables() (main, requests [][]string) {
	r.Goals = harness.Goals{}
	r.rows = [][]string{{"", "bare Job", "TaskExecution", "", "goal", ""}}
	if len(r.jobs) > 0 {
		r.speed()
		r.cost()
	}
	if r.memory != nil {
		r.remembered()
	}
	main = r.rows
	r.rows = [][]string{{"requests of a run", "bare Job", "TaskExecution", "", "", ""}}
	if len(r.jobs) > 0 {
		r.requests()
	}
	return main, r.rows
}

func (r *report) row(cells ...string) {
	next := make([]string, columns)
	copy(next, cells)
	r.rows = append(r.rows, next)
}

// judged adds a row with a goal.
func (r *report) judged(met bool, cells ...string) {
	r.row(append(cells, r.Judge(met))...)
}

func (r *report) speed() {
	var ratios []float64
	for i, rate := range r.jobs.rates() {
		ratios = append(ratios, r.taskExecutions.rates()[i]/rate)
	}
	share := figures.Median(ratios)
	r.judged(share >= goalRate, "runs finished per second", number(figures.Median(r.jobs.rates())), number(figures.Median(r.taskExecutions.rates())),
		fmt.Sprintf("%.2f×", share), fmt.Sprintf("≥ %.2f×", goalRate))
	if r.underLimits != nil {
		job, execution := r.underLimits[bareJobs].rate(), r.underLimits[executions].rate()
		r.row("  with Kubernetes' default limits of requests", number(job), number(execution), fmt.Sprintf("%.2f×", execution/job))
	}
	for _, percent := range []int{50, 95, 99} {
		job, execution := percentile(r.jobs.latencies(), percent), percentile(r.taskExecutions.latencies(), percent)
		r.row(fmt.Sprintf("from creation to end, p%d", percent), job.String(), execution.String(), fmt.Sprintf("%+d ms", (execution-job).Milliseconds()))
	}
	if r.paced == nil {
		return
	}
	for _, percent := range []int{50, 95, 99} {
		job, execution := r.paced[bareJobs].percentile(percent), r.paced[executions].percentile(percent)
		r.row(fmt.Sprintf("the same at %g a second, p%d", r.pace, percent), job.String(), execution.String(), fmt.Sprintf("%+d ms", (execution-job).Milliseconds()))
	}
}

func (r *report) cost() {
	both := func(what string, format func(float64) string, counter func(*counters) float64) (job, execution float64, cells []string) {
		job, execution = r.jobs.perRun(counter), r.taskExecutions.perRun(counter)
		return job, execution, []string{what, format(job), format(execution), "+" + format(execution-job)}
	}
	job, execution, cells := both("API writes of a run", number, writes)
	r.judged(execution-job < goalWrites+0.05, append(cells, fmt.Sprintf("≤ +%.1f", goalWrites))...)
	_, _, cells = both("API reads of a run", number, reads)
	r.row(cells...)
	_, _, cells = both("refused as conflicts", number, func(c *counters) float64 { return c.conflicts })
	r.row(cells...)
	_, _, cells = both("bytes sent to etcd", kibi, func(c *counters) float64 { return c.etcdIn })
	r.row(cells...)
	whole, _, cells := both("CPU of this machine", milliseconds, func(c *counters) float64 { return c.machine.Seconds() })
	r.row(cells...)
	for _, program := range slices.Sorted(maps.Keys(r.jobs[0].after.cpu)) {
		_, _, cells = both("  of which "+program, milliseconds, func(c *counters) float64 { return c.cpu[program] })
		r.row(cells...)
	}
	ofController := func(c *counters) float64 { return c.controller.CPU.Seconds() }
	cpu := r.taskExecutions.perRun(ofController)
	r.judged(cpu <= goalCPU.Seconds(), "controller's CPU, and as a share of all that a bare Job takes", "", milliseconds(cpu),
		fmt.Sprintf("%.2f×", cpu/whole), "≤ "+milliseconds(goalCPU.Seconds()))
	if r.paced != nil {
		r.row(fmt.Sprintf("  the same at %g a second", r.pace), "", milliseconds(rounds{r.paced[executions]}.perRun(ofController)))
	}
	r.row("  what it allocates", "", kibi(r.taskExecutions.perRun(func(c *counters) float64 { return c.allocated })))
	after := r.taskExecutions[len(r.taskExecutions)-1].after
	r.row("controller's memory after these rounds", "", harness.Mebi(float64(after.controller.Resident)))
}

func (r *report) remembered() {
	m, runs := r.memory, fmt.Sprintf("controller's memory with %d finished runs", r.kept)
	r.row(runs+", when it has seen them", "", harness.Mebi(float64(m.synced.Resident)))
	r.judged(m.steady.Resident <= goalMemory, fmt.Sprintf("  and after %d more", steadyRuns), "", harness.Mebi(float64(m.steady.Resident)), "", "≤ "+harness.Mebi(goalMemory))
	r.judged(m.steady.Peak <= goalMemory, "  at most, ever", "", harness.Mebi(float64(m.steady.Peak)), "", "≤ "+harness.Mebi(goalMemory))
	r.row("  of which heap in use", "", harness.Mebi(m.heap))
	r.row("  of which the program itself", "", harness.Mebi(float64(m.steady.Code)))
}

func (r *report) requests() {
	seen := map[request]bool{}
	for _, q := range append(r.taskExecutions.requests(), r.jobs.requests()...) {
		count := func(c *counters) float64 { return c.requests[q] }
		job, execution := r.jobs.perRun(count), r.taskExecutions.perRun(count)
		if seen[q] || q.verb == "WATCH" || max(job, execution) < 0.005 {
			continue
		}
		seen[q] = true
		r.row(q.verb+" "+q.resource, number(job), number(execution), fmt.Sprintf("%+.2f", execution-job))
	}
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "GET"} {
		count := func(c *counters) float64 { return c.byController[method] }
		r.row("all "+method+" of the controller", number(r.jobs.perRun(count)), number(r.taskExecutions.perRun(count)))
	}
	for _, part := range slices.Sorted(maps.Keys(r.taskExecutions[0].after.reconciles)) {
		each := r.taskExecutions.perRun(func(c *counters) float64 { return c.reconciles[part] })
		r.row("looks of its part "+part, "", number(each))
	}
}

func writes(c *counters) (n float64) {
	for q, count := range c.requests {
		if q.isWrite() {
			n += count
		}
	}
	return n
}

func reads(c *counters) (n float64) {
	for q, count := range c.requests {
		if q.isRead() {
			n += count
		}
	}
	return n
}

func number(n float64) string { return fmt.Sprintf("%.2f", n) }

func milliseconds(seconds float64) string { return fmt.Sprintf("%.1f ms", seconds*1000) }

func kibi(bytes float64) string { return fmt.Sprintf("%.1f KiB", bytes/(1<<10)) }
