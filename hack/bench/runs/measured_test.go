// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"testing"
)

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
