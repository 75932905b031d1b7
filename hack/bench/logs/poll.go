// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"time"

	"github.com/taskexec/taskexec/hack/bench/harness"
)

// pollEvery is the time between two looks at the controller's metrics. Each costs it a few milliseconds.
const pollEvery = 2 * time.Second

// polls are what the metrics said while the runs printed.
type polls struct {
	controller []poll
	// before and after are the API server's, when the runs began to print and when they had.
	before, after dated
	// err is the last failure to read any of them.
	err error
}

// dated is what was read when.
type dated struct {
	harness.Samples
	at time.Time
	// cpu of this machine, which the cluster is on.
	cpu harness.CPU
}

// poll is one look at the controller's metrics.
type poll struct {
	at time.Time
	// memory in bytes and cpu in seconds.
	memory, cpu float64
	// due are the flushes that the budget is for, all are those for changes of phase too; by number and bytes.
	due, dueBytes, all, allBytes float64
	// budget in bytes per second.
	budget float64
}

// poll reads the metrics from begin on, until its context ends.
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

// server looks at the API server and at the machine.
func (p *polls) server(ctx context.Context, c *cluster, now time.Time) dated {
	d := dated{Samples: p.taken(c.serverMetrics(ctx)), at: now}
	var err error
	if d.cpu, err = harness.CPUSoFar(); err != nil {
		p.err = err
	}
	return d
}

// idle share of the CPUs of this machine while the runs printed: a lag says little where it is none.
func (p *polls) idle() float64 {
	all := p.after.cpu.All - p.before.cpu.All
	if all <= 0 {
		return 0
	}
	return float64(p.after.cpu.Idle-p.before.cpu.Idle) / float64(all)
}

// taken keeps the error of a scrape; one that was cut off at the end of the polls is none.
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

// printing are the looks at the controller from when the runs began to print until they had.
func (p *polls) printing(end time.Time) []poll {
	n := 0
	for n < len(p.controller) && !p.controller[n].at.After(end.Add(pollEvery)) {
		n++
	}
	return p.controller[:n]
}

// perSecond is the mean rate of a counter over some looks, 0 for fewer than two.
func perSecond(looks []poll, counter func(*poll) float64) float64 {
	if len(looks) < 2 {
		return 0
	}
	first, last := &looks[0], &looks[len(looks)-1]
	return (counter(last) - counter(first)) / last.at.Sub(first.at).Seconds()
}

// peakPerSecond is the highest rate of a counter between two looks that follow each other.
func peakPerSecond(looks []poll, counter func(*poll) float64) (peak float64) {
	for i := 1; i < len(looks); i++ {
		peak = max(peak, perSecond(looks[i-1:i+1], counter))
	}
	return peak
}

// peakMemory in bytes, over all looks.
func (p *polls) peakMemory() (peak float64) {
	for i := range p.controller {
		peak = max(peak, p.controller[i].memory)
	}
	return peak
}
