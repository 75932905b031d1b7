package main

import (
	"slices"
	"testing"
	"time"
)

func TestPercentile(t *testing.T) {
	var ten []time.Duration
	for i := range 10 {
		ten = append(ten, time.Duration(10-i)*time.Second)
	}
	for name, c := range map[string]struct {
		of      []time.Duration
		percent int
		want    time.Duration
	}{
		"none":       {nil, 50, 0},
		"one":        {ten[:1], 99, 10 * time.Second},
		"the middle": {ten, 50, 5 * time.Second},
		"nearly all": {ten, 95, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			if got := percentile(c.of, c.percent); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// counted gives two rounds, of 10 runs and of 30.
func counted() rounds {
	post, put := request{"POST", "jobs"}, request{"PUT", "jobs/status"}
	at := func(a, b float64) *counters { return &counters{requests: map[request]float64{post: a, put: b}} }
	return rounds{
		{runs: 10, before: at(100, 1000), after: at(110, 1020)},
		{runs: 30, before: at(110, 1020), after: at(140, 1080)},
	}
}

func TestPerRun(t *testing.T) {
	r := counted()
	if got := r.perRun(writes); got != 3 {
		t.Errorf("%g writes of a run, want 3", got)
	}
	if got := r.perRun(reads); got != 0 {
		t.Errorf("%g reads of a run, want none", got)
	}
	if got := (rounds{}).perRun(writes); got != 0 {
		t.Errorf("%g writes of no run", got)
	}
	want := []request{{"PUT", "jobs/status"}, {"POST", "jobs"}}
	if got := r.requests(); !slices.Equal(got, want) {
		t.Errorf("requests %v, want %v", got, want)
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		of   []float64
		want float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{3, 1, 2}, 2}, {[]float64{4, 1, 3, 2}, 2}} {
		if got := median(c.of); got != c.want {
			t.Errorf("median of %v is %g, want %g", c.of, got, c.want)
		}
	}
}

func TestRequests(t *testing.T) {
	for q, want := range map[request][2]bool{
		{"POST", "jobs"}:             {true, false},
		{"APPLY", "jobs"}:            {true, false},
		{"DELETECOLLECTION", "pods"}: {true, false},
		{"GET", "jobs"}:              {false, true},
		{"CONNECT", "pods/log"}:      {false, true},
		{"WATCH", "pods"}:            {false, false},
	} {
		if got := [2]bool{q.isWrite(), q.isRead()}; got != want {
			t.Errorf("%v: write and read are %v, want %v", q, got, want)
		}
	}
}
