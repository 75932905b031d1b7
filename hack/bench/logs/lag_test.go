// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"testing"
	"time"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// at returns lines that were printed one per second, the first at noon.
func at(numbers ...int) (lines []stamped) {
	for _, n := range numbers {
		lines = append(lines, stamped{n, noon.Add(time.Duration(n) * time.Second)})
	}
	return lines
}

func TestObserve(t *testing.T) {
	type look struct {
		second int
		tail   []stamped
		want   []int // in seconds
	}
	for name, looks := range map[string][]look{
		"nothing yet":               {{5, nil, nil}},
		"each line once":            {{2, at(0, 1), []int{2, 1}}, {4, at(0, 1, 2), []int{2}}, {9, at(1, 2), nil}},
		"lines that left the tail":  {{2, at(0, 1), []int{2, 1}}, {10, at(5, 6), []int{8, 7, 6, 5, 4}}},
		"the first left it already": {{10, at(3, 4), []int{10, 9, 8, 7, 6}}},
		"an older tail":             {{3, at(0, 1, 2), []int{3, 2, 1}}, {4, at(0, 1), nil}},
	} {
		t.Run(name, func(t *testing.T) {
			var v visible
			for _, l := range looks {
				var got []int
				for _, lag := range v.observe(l.tail, noon.Add(time.Duration(l.second)*time.Second), time.Second) {
					got = append(got, int(lag.Seconds()))
				}
				if !slices.Equal(got, l.want) {
					t.Errorf("at %d s the lags are %v, want %v", l.second, got, l.want)
				}
			}
		})
	}
}
