// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/taskexec/taskexec/hack/bench/lab"
)

// sample has the controller's metrics at one time.
type sample struct {
	at                            time.Duration
	memory, heap                  float64
	goroutines, streams, requests float64
}

// samples has the samples over time and the faults.
type samples struct {
	lab     *lab.Lab
	account *account
	out     io.Writer
	begin   time.Time

	mu     sync.Mutex
	taken  []sample
	faults map[string]int
}

// fault records a fault.
func (s *samples) fault(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.faults == nil {
		s.faults = map[string]int{}
	}
	s.faults[what]++
	fmt.Fprintf(s.out, "%8s  %s\n", time.Since(s.begin).Round(time.Second), what)
}

// take takes samples until ctx is done. It skips a sample if the controller does not answer, for example because it
// was just killed.
func (s *samples) take(ctx context.Context, every time.Duration) error {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		if next, err := s.look(ctx); err == nil {
			s.mu.Lock()
			s.taken = append(s.taken, next)
			s.print(&next)
			s.mu.Unlock()
		}
	}
}

func (s *samples) look(ctx context.Context) (sample, error) {
	use, err := s.lab.ControllerUse()
	if err != nil {
		return sample{}, err
	}
	metrics, err := s.lab.ControllerMetrics(ctx)
	if err != nil {
		return sample{}, err
	}
	_, open := s.lab.Kubelet.Requests()
	return sample{
		at: time.Since(s.begin), memory: float64(use.Resident), heap: metrics.Sum("go_memstats_heap_inuse_bytes", nil),
		goroutines: metrics.Sum("go_goroutines", nil), streams: metrics.Sum("taskexec_log_streams", nil), requests: float64(open),
	}, nil
}

func (s *samples) print(n *sample) {
	s.account.mu.Lock()
	created, judged := s.account.created, s.account.judged
	s.account.mu.Unlock()
	fmt.Fprintf(s.out, "%8s  %5.0f MiB, heap %4.0f MiB, %4.0f goroutines, %3.0f streams (%3.0f at the nodes), %d runs made, %d accounted for\n",
		n.at.Round(time.Second), n.memory/(1<<20), n.heap/(1<<20), n.goroutines, n.streams, n.requests, created, judged)
}

// report prints the results. It returns an error if something grows or if a run is missing or wrong.
func (s *samples) report() error {
	a := s.account
	fmt.Fprintf(s.out, "\n%d runs made, %d accounted for; %d logs whole, %d said to have gaps; faults: %v\n", a.created, a.judged, a.whole, a.gaps, s.faults)
	var errs []error
	if a.judged != a.created {
		errs = append(errs, fmt.Errorf("%d runs were made and %d accounted for", a.created, a.judged))
	}
	for i, wrong := range a.wrong {
		if i == 10 {
			errs = append(errs, fmt.Errorf("and %d more", len(a.wrong)-i))
			break
		}
		errs = append(errs, errors.New(wrong))
	}
	for what, c := range map[string]struct {
		of    func(*sample) float64
		slack float64
	}{
		"memory in MiB": {func(n *sample) float64 { return n.memory / (1 << 20) }, 16},
		"goroutines":    {func(n *sample) float64 { return n.goroutines }, 50},
		"streams":       {func(n *sample) float64 { return n.streams }, 20},
	} {
		early, late := trend(s.taken, c.of)
		verdict := "flat"
		if late > early*1.2+c.slack {
			verdict = "GROWS"
			errs = append(errs, fmt.Errorf("%s: grows from %.0f to %.0f", what, early, late))
		}
		fmt.Fprintf(s.out, "%s: %.0f in the second quarter, %.0f in the last: %s\n", what, early, late, verdict)
	}
	return errors.Join(errs...)
}

// trend returns the means of the second and of the last quarter. The first quarter does not count, because all values
// still grow.
func trend(taken []sample, of func(*sample) float64) (early, late float64) {
	quarter := len(taken) / 4
	if quarter == 0 {
		return 0, 0
	}
	for i := range quarter {
		early += of(&taken[quarter+i]) / float64(quarter)
		late += of(&taken[len(taken)-1-i]) / float64(quarter)
	}
	return early, late
}
