// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/hack/bench/harness"
	"github.com/taskexec/taskexec/hack/figures"
)

// The goals.
const (
	goalMedian = 2 * time.Second
	goal95     = 5 * time.Second
	goalMemory = 150 << 20
)

// report has all results.
type report struct {
	seen  *seen
	polls polls
	// end is when the runs stopped printing.
	end time.Time
	// whole counts the complete logs in the archive. wrong says what is wrong with one of the others.
	whole int
	wrong string
	harness.Table
}

func (r *report) print(out io.Writer) error {
	r.Row("", "measured", "goal")
	r.lag()
	r.costs()
	r.logs()
	if err := r.Table.Print(out); err != nil {
		return err
	}
	fmt.Fprintf(out, "%d CPUs, %s, %s/%s; the cluster, the runs and this program share them\n",
		runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	if r.polls.err != nil {
		fmt.Fprintln(out, "Some metrics could not be read:", r.polls.err)
	}
	r.Goals.Print(out)
	return nil
}

func (r *report) lag() {
	lags := r.seen.lags
	seconds := func(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }
	median, most := figures.Percentile(lags, 50), figures.Percentile(lags, 95)
	r.Judged(len(lags) > 0 && median < goalMedian, "lag until a line is visible, p50", seconds(median), "< "+goalMedian.String())
	r.Judged(len(lags) > 0 && most < goal95, "  p95", seconds(most), "< "+goal95.String())
	r.Row("  p99", seconds(figures.Percentile(lags, 99)))
	r.Row("  max", seconds(figures.Percentile(lags, 100)))
	r.Judged(r.seen.neverSeen() == 0, "lines that were never visible", fmt.Sprint(r.seen.neverSeen()), "0")
	r.Row("runs that began late", fmt.Sprintf("%d of %d", r.seen.sum(func(r *run) bool { return r.late }), r.seen.runs))
}

func (r *report) costs() {
	looks := r.polls.printing(r.end)
	memory := r.polls.peakMemory()
	r.Judged(memory > 0 && memory < goalMemory, "controller's memory, most", harness.Mebi(memory), "< "+harness.Mebi(goalMemory))
	r.Row("controller's CPU", fmt.Sprintf("%.2f cores", perSecond(looks, func(p *poll) float64 { return p.cpu })))
	var budget float64
	if len(looks) > 0 {
		budget = looks[0].budget
	}
	due := func(p *poll) float64 { return p.dueBytes }
	r.Judged(budget > 0 && perSecond(looks, due) <= budget, "tails written when due", kibi(perSecond(looks, due)), "≤ "+kibi(budget))
	r.Row("  most in 2 s", kibi(peakPerSecond(looks, due)))
	r.Row("  number", each(perSecond(looks, func(p *poll) float64 { return p.due })))
	r.Row("all tails written", kibi(perSecond(looks, func(p *poll) float64 { return p.allBytes })))
	r.Row("  number", each(perSecond(looks, func(p *poll) float64 { return p.all })))
	r.server("writes of executions' status", "apiserver_request_total",
		harness.Labels{"resource": "taskexecutions", "subresource": "status", "verb": "PUT"}, harness.Labels{"resource": "taskexecutions", "subresource": "status", "verb": "PATCH"})
	r.Row("idle CPU", share(r.polls.idle()))
	r.server("etcd requests", "etcd_requests_total", nil)
	r.server("  for executions", "etcd_requests_total", harness.Labels{"resource": "taskexecutions"})
	r.server("  updates of executions", "etcd_requests_total", harness.Labels{"resource": "taskexecutions", "operation": "update"})
}

// server adds a row with the rate of one of the API server's counters, over the samples with any of these labels.
func (r *report) server(what, metric string, ofThese ...harness.Labels) {
	before, after := r.polls.before, r.polls.after
	if before.Samples == nil || after.Samples == nil {
		r.Row(what, "unknown")
		return
	}
	n := 0.0
	for _, labels := range ofThese {
		n += after.Sum(metric, labels) - before.Sum(metric, labels)
	}
	r.Row(what, each(n/after.at.Sub(before.at).Seconds()))
}

func (r *report) logs() {
	all := r.seen.runs
	of := func(n int) string { return fmt.Sprintf("%d of %d", n, all) }
	completed := r.seen.sum(func(r *run) bool { return r.phase == v1alpha1.PhaseCompleted })
	r.Judged(completed == all, "runs completed", of(completed), of(all))
	said := r.seen.sum(func(r *run) bool { return r.summary.Complete })
	r.Judged(said == all, "logs said to be whole", of(said), of(all))
	r.Judged(r.whole == all, "logs with each line once and in order", of(r.whole), of(all))
	if r.wrong != "" {
		r.Row("  one of the others", r.wrong)
	}
}

func share(part float64) string { return fmt.Sprintf("%.0f %%", part*100) }

func kibi(bytes float64) string { return fmt.Sprintf("%.0f KiB/s", bytes/(1<<10)) }

func each(n float64) string { return fmt.Sprintf("%.1f/s", n) }
