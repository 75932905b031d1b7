// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package figures

import (
	"testing"
	"time"
)

func TestPercentile(t *testing.T) {
	var ten []time.Duration
	for i := range 10 {
		ten = append(ten, time.Duration(10-i))
	}
	for name, c := range map[string]struct {
		of      []time.Duration
		percent int
		want    time.Duration
	}{
		"none":        {nil, 50, 0},
		"one":         {ten[9:], 99, 1},
		"the middle":  {ten, 50, 5},
		"nearly all":  {ten, 95, 10},
		"all":         {ten, 100, 10},
		"the least":   {ten, 0, 1},
		"a few of it": {ten, 20, 2},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Percentile(c.of, c.percent); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		of   []float64
		want float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{3, 1, 2}, 2}, {[]float64{4, 1, 3, 2}, 2}} {
		if got := Median(c.of); got != c.want {
			t.Errorf("median of %v is %g, want %g", c.of, got, c.want)
		}
	}
}
