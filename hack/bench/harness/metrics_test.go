// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"strings"
	"testing"
)

func TestSum(t *testing.T) {
	samples, err := ParseMetrics(strings.NewReader(`# HELP requests_total Requests.
# TYPE requests_total counter
requests_total{verb="GET",code="200"} 3
requests_total{verb="GET",code="409"} 1
requests_total{verb="PUT",code="200"} 1.5e+01
# TYPE memory gauge
memory 1.048576e+06
untyped 7
# TYPE writes_total counter
writes_total{cause="due",kind="a b"} 3
writes_total{cause="phase",kind="a b"} 1.5e+01
writes_total_more 100
`))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		metric string
		labels Labels
		want   float64
	}{
		"over all labels":   {"requests_total", nil, 19},
		"of one label":      {"requests_total", Labels{"verb": "GET"}, 4},
		"of two labels":     {"requests_total", Labels{"verb": "GET", "code": "409"}, 1},
		"without labels":    {"memory", nil, 1 << 20},
		"without a type":    {"untyped", nil, 7},
		"that is not there": {"none", nil, 0},
		"of a longer name":  {"writes_total", nil, 18},
		"of words":          {"writes_total", Labels{"kind": "a b", "cause": "phase"}, 15},
	} {
		t.Run(name, func(t *testing.T) {
			if got := samples.Sum(c.metric, c.labels); got != c.want {
				t.Errorf("got %g, want %g", got, c.want)
			}
		})
	}
}
