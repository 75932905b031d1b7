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
		ahead                      float64
		clean, renewed             bool
		finished, known            float64
		next, connected            float64
		want                       bool
	}{
		"cut while the container ran":                {line: 9, over: 10},
		"ended while the container ran":              {line: 9, over: 10, clean: true},
		"ended after the container's last second":    {line: 9, over: 11, clean: true, finished: 10, known: 12, want: true},
		"ended within the container's last second":   {line: 9, over: 10.5, clean: true, finished: 10, known: 12},
		"ended after the container was known to end": {line: 9, over: 10.5, clean: true, finished: 10, known: 10.5, want: true},
		"ended later by a clock that is ahead":       {ahead: 2, line: 9, readAt: 11, over: 12.5, clean: true, finished: 10, known: 13},
		"behind when it ended with the container":    {line: 5, readAt: 9, over: 11.5, clean: true, finished: 10, known: 11},
		"ended before the container":                 {line: 9, over: 10, clean: true, finished: 30, known: 31},
		"cut as the container ended":                 {line: 9, over: 11.5, finished: 10, known: 11},
		"cut after a long quiet":                     {line: 9, over: 100, want: true},
		"and a file could be printed meanwhile":      {line: 9, over: 100, connected: 102},
		"and a file could not be printed meanwhile":  {line: 9, over: 100, connected: 100.5, want: true},
		"replaced after a rotation":                  {opened: 8.5, line: 9, over: 10.5, renewed: true, next: 10, want: true},
		"replaced, perhaps before a rotation":        {opened: 8.5, line: 9, over: 10.5, renewed: true, next: 10.5},
		"replaced, and nothing comes":                {opened: 8.5, line: 9, over: 10.5, renewed: true},
		"replaced too late":                          {opened: 8.5, line: 9, over: 11, renewed: true, next: 10},
	} {
		t.Run(name, func(t *testing.T) {
			var p pace
			p.connect(at(c.opened))
			p.line(at(c.opened), at(c.opened+c.ahead), 1)
			p.line(at(c.line), at(max(c.line, c.readAt)), 1)
			p.renewed = c.renewed
			p.disconnect(at(c.over), c.clean)
			if c.connected > 0 {
				p.away(at(c.connected), fastestPrint)
			}
			var end containerEnd
			if c.finished > 0 {
				end.know(at(c.finished), at(c.known))
			}
			var next time.Time
			if c.next > 0 {
				next = at(c.next)
			}
			if got := p.unbroken(end, next); got != c.want {
				t.Errorf("unbroken %v, want %v", got, c.want)
			}
		})
	}
}

func TestConnectionsThatCaughtUpAreReplaced(t *testing.T) {
	var p pace
	p.connect(at(0))
	p.line(at(0), at(0), muchToCatchUp)
	if p.shouldRenew() {
		t.Error("a connection that brought little is replaced")
	}
	p.line(at(0), at(0), 1)
	if !p.shouldRenew() {
		t.Error("a connection that brought much is not replaced")
	}
	p.connect(at(2))
	if p.shouldRenew() {
		t.Error("it is replaced for what another one brought")
	}
}
