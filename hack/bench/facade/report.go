// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/taskexec/taskexec/hack/bench/harness"
	"github.com/taskexec/taskexec/hack/figures"
)

// The goals.
const (
	goalRatio = 5
	goalPage  = 20 * time.Millisecond
)

// report has all results.
type report struct {
	*options
	facade, server side
	// caused counts the requests for runs that the API server got while the facade was polled. reviews counts token
	// and access reviews.
	caused, reviews float64
	lists           []list
	memory          uint64
	harness.Table
}

func (r *report) print(out io.Writer) error {
	r.Row("", "measured", "goal")
	r.polls()
	for _, l := range r.lists {
		r.list(l)
	}
	r.Row("facade's memory, most", harness.Mebi(float64(r.memory)))
	if err := r.Table.Print(out); err != nil {
		return err
	}
	fmt.Fprintf(out, "%d clients, %d rounds of %s each in turn; HTTP/1.1, the API server's with TLS\n", r.workers, r.rounds, r.round)
	fmt.Fprintf(out, "%d CPUs, %s, %s/%s; both programs, etcd and the clients share them\n", runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	r.Goals.Print(out)
	return nil
}

// median returns the median over all rounds.
func (s side) median(of func(*vegeta.Metrics) float64) float64 {
	var values []float64
	for _, m := range s.metrics {
		values = append(values, of(m))
	}
	return figures.Median(values)
}

func (s side) requests() (n uint64) {
	for _, m := range s.metrics {
		n += m.Requests
	}
	return n
}

func (r *report) polls() {
	rate := func(m *vegeta.Metrics) float64 { return m.Rate }
	p50 := func(m *vegeta.Metrics) float64 { return m.Latencies.P50.Seconds() * 1e3 }
	p99 := func(m *vegeta.Metrics) float64 { return m.Latencies.P99.Seconds() * 1e3 }
	for i := range r.facade.metrics {
		r.Row(fmt.Sprintf("round %d", i+1), fmt.Sprintf("facade %.0f/s, API server %.0f/s", rate(r.facade.metrics[i]), rate(r.server.metrics[i])))
	}
	ratio := r.facade.median(rate) / r.server.median(rate)
	r.Row("API server's GETs, median of the rounds", fmt.Sprintf("%.0f/s, p50 %.2f ms, p99 %.2f ms", r.server.median(rate), r.server.median(p50), r.server.median(p99)))
	r.Judged(ratio >= goalRatio, "facade's polls", fmt.Sprintf("%.0f/s, p50 %.2f ms", r.facade.median(rate), r.facade.median(p50)), fmt.Sprintf("≥ %d × the API server's", goalRatio))
	r.Row("  ratio", fmt.Sprintf("%.1f", ratio))
	r.Judged(r.facade.median(p99) < r.server.median(p99), "  p99", fmt.Sprintf("%.2f ms", r.facade.median(p99)), "lower")
	r.Judged(r.caused <= float64(r.executions), "  API server requests that they caused", fmt.Sprintf("%.0f", r.caused), "at most the first read of each run")
	r.Row("  and its reviews of the token, of all", fmt.Sprintf("%.0f of %d polls", r.reviews, r.facade.requests()))
}

func (r *report) list(l list) {
	most := slices.Max(l.pages)
	at := func(i int) string { return fmt.Sprintf("%.1f", l.pages[i].Seconds()*1e3) }
	n := len(l.pages)
	r.Judged(most < goalPage, "list "+l.what,
		fmt.Sprintf("first %s, middle %s, last %s, most %.1f ms of %d pages", at(0), at(n/2), at(n-1), most.Seconds()*1e3, n), "< "+goalPage.String())
}
