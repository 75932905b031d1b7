// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"time"

	"github.com/taskexec/taskexec/hack/figures"
)

// measured has the results of one or several rounds of one kind.
type measured struct {
	runs          int
	first, last   time.Time
	latencies     []time.Duration
	before, after *counters
}

// rate returns the runs per second from the first creation to the last end.
func (m *measured) rate() float64 { return float64(m.runs) / m.last.Sub(m.first).Seconds() }

// percentile returns a percentile of the latencies by nearest rank, or 0 if there are none.
func (m *measured) percentile(percent int) time.Duration { return percentile(m.latencies, percent) }

func percentile(of []time.Duration, percent int) time.Duration {
	return figures.Percentile(of, percent).Round(time.Millisecond)
}

// rounds are the rounds of one kind.
type rounds []*measured

// perRun returns how much a counter grew per run over all rounds.
func (r rounds) perRun(counter func(*counters) float64) float64 {
	total, runs := 0.0, 0
	for _, m := range r {
		total += counter(m.after) - counter(m.before)
		runs += m.runs
	}
	return total / float64(max(runs, 1))
}

func (r rounds) latencies() (all []time.Duration) {
	for _, m := range r {
		all = append(all, m.latencies...)
	}
	return all
}

// rates returns the rate of each round.
func (r rounds) rates() (rates []float64) {
	for _, m := range r {
		rates = append(rates, m.rate())
	}
	return rates
}

// requests returns all kinds of requests in the rounds, the most frequent first.
func (r rounds) requests() (all []request) {
	n := map[request]float64{}
	for _, m := range r {
		for q, count := range m.after.requests {
			if grown := count - m.before.requests[q]; grown > 0 {
				n[q] += grown
			}
		}
	}
	for q := range n {
		all = append(all, q)
	}
	slices.SortFunc(all, func(a, b request) int {
		switch {
		case n[a] != n[b] && n[a] > n[b]:
			return -1
		case n[a] != n[b]:
			return 1
		case a.resource+a.verb < b.resource+b.verb:
			return -1
		}
		return 1
	})
	return all
}
