// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"time"

	"github.com/taskexec/taskexec/hack/bench/harness"
)

// pollEvery is the interval of reading the controller's metrics. Each read costs the controller a few milliseconds.
const pollEvery = 2 * time.Second

// polls has the metrics from the time in which the runs printed.
type polls struct {
	controller []poll
	// before and after are the API server's metrics when the runs began to print and when they had finished.
	before, after dated
	// err is the last error of reading metrics.
	err error
}

// dated has metrics and the time when they were read.
type dated struct {
	harness.Samples
	at time.Time
	// cpu is the CPU time of this machine, which also runs the cluster.
	cpu harness.CPU
}

// poll has the controller's metrics at one time.
type poll struct {
	at time.Time
	// memory is in bytes, cpu in seconds.
	memory, cpu float64
	// due counts the flushes that the budget limits, all also those for changes of phase. dueBytes and allBytes are
	// their bytes.
	due, dueBytes, all, allBytes float64
	// budget is in bytes per second.
	budget float64
}

// poll reads the metrics from begin on until ctx is done.
func (c *cluster) poll(ctx context.Context, begin, end time.Time) (p polls) {
	select {
	case <-time.After(time.Until(begin)):
	case <-ctx.Done():
		return p
	}
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for {
		now := time.Now()
		if p.before.Samples == nil {
			p.before = p.server(ctx, c, now)
		}
		if p.after.Samples == nil && now.After(end) {
			p.after = p.server(ctx, c, now)
		}
		if s := p.taken(c.controllerMetrics(ctx)); s != nil {
			p.controller = append(p.controller, lookedAt(s, now))
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return p
		}
	}
}

// server reads the API server's metrics and the machine's CPU time.
func (p *polls) server(ctx context.Context, c *cluster, now time.Time) dated {
	d := dated{Samples: p.taken(c.serverMetrics(ctx)), at: now}
	var err error
	if d.cpu, err = harness.CPUSoFar(); err != nil {
		p.err = err
	}
	return d
}

// idle returns the idle share of this machine's CPUs while the runs printed. If it is near zero, the lags mean
// little.
func (p *polls) idle() float64 {
	all := p.after.cpu.All - p.before.cpu.All
	if all <= 0 {
		return 0
	}
	return float64(p.after.cpu.Idle-p.before.cpu.Idle) / float64(all)
}

// taken keeps the error of a read, unless the read was cancelled at the end of the polls.
func (p *polls) taken(s harness.Samples, err error) harness.Samples {
	switch {
	case errors.Is(err, context.Canceled):
		return nil
	case err != nil:
		p.err = err
		return nil
	}
	return s
}

func lookedAt(s harness.Samples, now time.Time) poll {
	const flushes, bytes = "taskexec_log_flushes_total", "taskexec_log_flush_bytes_total"
	due := harness.Labels{"cause": "due"}
	return poll{
		at:     now,
		memory: s.Sum("process_resident_memory_bytes", nil), cpu: s.Sum("process_cpu_seconds_total", nil),
		due: s.Sum(flushes, due), dueBytes: s.Sum(bytes, due), all: s.Sum(flushes, nil), allBytes: s.Sum(bytes, nil),
		budget: s.Sum("taskexec_log_flush_budget_bytes_per_second", nil),
	}
}

// printing returns the controller's metrics from the time in which the runs printed.
func (p *polls) printing(end time.Time) []poll {
	n := 0
	for n < len(p.controller) && !p.controller[n].at.After(end.Add(pollEvery)) {
		n++
	}
	return p.controller[:n]
}

// perSecond returns the mean rate of a counter, or 0 if there are fewer than two polls.
func perSecond(looks []poll, counter func(*poll) float64) float64 {
	if len(looks) < 2 {
		return 0
	}
	first, last := &looks[0], &looks[len(looks)-1]
	return (counter(last) - counter(first)) / last.at.Sub(first.at).Seconds()
}

// peakPerSecond returns the highest rate of a counter between two consecutive polls.
func peakPerSecond(looks []poll, counter func(*poll) float64) (peak float64) {
	for i := 1; i < len(looks); i++ {
		peak = max(peak, perSecond(looks[i-1:i+1], counter))
	}
	return peak
}

// peakMemory returns the highest memory of all polls in bytes.
func (p *polls) peakMemory() (peak float64) {
	for i := range p.controller {
		peak = max(peak, p.controller[i].memory)
	}
	return peak
}
