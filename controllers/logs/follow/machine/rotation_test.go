// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"testing"
	"time"
)

func at(seconds float64) time.Time { return noon.Add(time.Duration(seconds * float64(time.Second))) }

func TestSuspiciousLines(t *testing.T) {
	type read struct{ stamp, at float64 }
	for name, c := range map[string]struct {
		opened float64
		lines  []read
		want   bool
	}{
		"read as printed":                        {0, []read{{0, 0.1}, {1, 1.1}, {20, 20.1}}, false},
		"a pause that was waited for":            {0, []read{{1, 1}, {30, 30}}, false},
		"far behind, without a jump":             {0, []read{{0, 0}, {1, 20}, {2, 21}, {3, 22}}, false},
		"far behind, and a jump":                 {0, []read{{0, 0}, {1, 20}, {15, 21}}, true},
		"a little behind, and a jump":            {0, []read{{0, 0.9}, {1.7, 5.4}, {5.4, 5.4}}, true},
		"a little behind, and a short pause":     {0, []read{{0, 0.9}, {1.7, 5.4}, {4, 5.4}}, false},
		"waited for, after a backlog":            {0, []read{{0, 0}, {1, 1.2}, {9, 9}}, false},
		"caught up with what was there":          {100, []read{{1, 100}, {60, 100}, {99, 100}}, false},
		"an old line, then a new one":            {100, []read{{1, 100}, {106, 106}}, false},
		"behind since it was opened, and a jump": {100, []read{{99.9, 100}, {101, 109}, {108, 109}}, true},
		"a node whose clock is late":             {100, []read{{60, 100}, {61, 101}, {75, 115}, {76, 116}}, false},
		"a node whose clock is early":            {100, []read{{140, 100}, {141, 101}, {155, 115}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			var p pace
			p.connect(at(c.opened))
			got := false
			for _, l := range c.lines {
				got = p.line(at(l.stamp), at(l.at), 1) || got
			}
			if got != c.want {
				t.Errorf("lines may be missing: %v, want %v", got, c.want)
			}
		})
	}
}

func TestUnbroken(t *testing.T) {
	for name, c := range map[string]struct {
		opened, line, readAt, over float64
		size                       int64
		clean, renewed             bool
		finished                   float64
		want                       bool
	}{
		"cut while the container ran":              {line: 9, over: 10},
		"ended while the container ran":            {line: 9, over: 10, clean: true},
		"ended with the container":                 {line: 9, over: 10.5, clean: true, finished: 10, want: true},
		"behind when it ended with the container":  {line: 5, readAt: 9, over: 10.5, clean: true, finished: 10},
		"ended before the container":               {line: 9, over: 10, clean: true, finished: 30},
		"cut as the container ended":               {line: 9, over: 10.5, finished: 10},
		"cut after a long quiet":                   {line: 9, over: 100, want: true},
		"made anew soon after a short catching up": {opened: 8.5, line: 9, over: 11, size: 1 << 20, renewed: true, want: true},
		"made anew after a long catching up":       {opened: 2, line: 9, over: 11, size: 1 << 20, renewed: true},
		"made anew too late":                       {opened: 8.5, line: 9, over: 13, size: 1 << 20, renewed: true},
	} {
		t.Run(name, func(t *testing.T) {
			var p pace
			p.connect(at(c.opened))
			p.line(at(c.opened), at(c.opened), 1)
			p.line(at(c.line), at(max(c.line, c.readAt)), c.size)
			p.renewed = c.renewed
			p.disconnect(at(c.over), c.clean)
			var finished time.Time
			if c.finished > 0 {
				finished = at(c.finished)
			}
			if got := p.unbroken(finished); got != c.want {
				t.Errorf("unbroken %v, want %v", got, c.want)
			}
		})
	}
}

func TestConnectionsThatCaughtUpAreMadeAnew(t *testing.T) {
	var p pace
	p.connect(at(0))
	p.line(at(0), at(0), muchToCatchUp)
	if p.shouldRenew() {
		t.Error("a connection that brought little is made anew")
	}
	p.line(at(0), at(0), 1)
	if !p.shouldRenew() {
		t.Error("a connection that brought much is not made anew")
	}
	p.connect(at(2))
	if p.shouldRenew() {
		t.Error("it is made anew for what another one brought")
	}
}
