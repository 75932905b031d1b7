// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"testing"
	"time"
)

func TestRotatedAmidPrinting(t *testing.T) {
	type output struct {
		second float64
		bytes  int64
	}
	steady := func(from, to, each float64, bytes int64) (out []output) {
		for s := from; s < to; s += each {
			out = append(out, output{s, bytes})
		}
		return out
	}
	for name, c := range map[string]struct {
		printed []output
		begins  float64
		want    bool
	}{
		"the file is the first one":           {steady(1, 3, 0.001, 1000), 1, false},
		"at 1 MB/s":                           {steady(1, 3, 0.001, 1000), 2, true},
		"at 100 KB/s":                         {steady(1, 3, 0.01, 1000), 2, false},
		"in a pause":                          {append(steady(1, 2, 0.001, 1000), steady(3, 4, 0.1, 10)...), 3, false},
		"where fast printing begins":          {append(steady(1, 2, 0.1, 10), steady(3, 4, 0.001, 1000)...), 3, true},
		"where fast printing ends":            {append(steady(1, 2, 0.001, 1000), steady(2, 4, 0.1, 10)...), 2.05, true},
		"before what is known":                {steady(1, 30, 0.001, 1000), 2, false},
		"within a burst of one instant":       {[]output{{1, 10}, {2, 1 << 20}, {2, 1 << 20}, {3, 10}}, 2, true},
		"nothing is known of the file's time": {nil, 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			var f flow
			for _, p := range c.printed {
				f.print(at(p.second), p.bytes)
			}
			if got := f.rotated(at(c.begins), at(31)); got != c.want {
				t.Errorf("lines may be missing: %v, want %v", got, c.want)
			}
			if f.rotated(at(c.begins), at(32)) {
				t.Error("the same rotation is told twice")
			}
		})
	}
}

// The file is looked up only if a rotation is possible and matters, and not too often.
func TestWhenToLookUp(t *testing.T) {
	const size = 1 << 20
	var f flow
	second := 0.0
	printing := func(seconds, bytesPerSecond float64) {
		for end := second + seconds; second < end; second += 0.01 {
			f.print(at(second), int64(bytesPerSecond/100))
		}
	}
	look := func(want bool) {
		t.Helper()
		if got := f.shouldLook(at(second), size); got != want {
			t.Fatalf("at %.2f s: look up %v, want %v", second, got, want)
		}
	}
	printing(0.5, 1e6)
	look(false) // the file cannot be large enough
	printing(0.5, 1e6)
	look(true)
	f.rotated(at(0.9), at(second)) // it was rotated just before
	look(false)
	printing(1, 1e6)
	look(false) // too soon
	printing(1.1, 1e6)
	look(true)
	f.rotated(at(0.9), at(second))
	printing(3, 1e3)
	look(true) // a rotation right after the last look-up would have been during fast printing
	f.rotated(at(0.9), at(second))
	printing(30, 1e3)
	look(false) // a later rotation would not
	if f.rotated(at(second-1), at(second)) {
		t.Error("a rotation in slow printing is suspicious")
	}
}

// Two rotations may fall between two look-ups that are far apart.
func TestRotatedTwiceBetweenLookUps(t *testing.T) {
	for name, apart := range map[string]float64{"far": 8, "near": 2} {
		var f flow
		f.print(at(0), 1<<20)
		f.rotated(at(0), at(0.1))
		f.print(at(1), 1<<20)
		f.print(at(apart), 10)
		if got, want := f.rotated(at(apart), at(apart)), name == "far"; got != want {
			t.Errorf("%s apart: suspicious %v, want %v", name, got, want)
		}
	}
}

// A rotation within the first second does not hide that the log was opened late.
func TestLateStartAndRotatedAtOnce(t *testing.T) {
	var f flow
	f.print(at(4), 1<<20)
	f.rotated(at(4.5), at(4.6))
	f.print(at(5.1), 1)
	if !f.lateStart(at(1), at(4.2), 1<<20) {
		t.Error("the lines before the first one are not missed")
	}
}

func TestLateStart(t *testing.T) {
	const size = 1 << 20
	for name, c := range map[string]struct {
		started, opened, first float64
		bytes                  int64 // of the first second
		want                   bool
	}{
		"waited for the first line":         {1, 2, 5, 1 << 20, false},
		"late, and it prints fast":          {1, 5, 4, 1 << 20, true},
		"late, and it prints slowly":        {1, 5, 4, 1 << 10, false},
		"late, and it began just now":       {1, 5, 1.1, 1 << 20, false},
		"nobody knows when it was started":  {-1, 5, 4, 1 << 20, false},
		"very late, and it prints a little": {1, 1000, 300, 1 << 10, false},
		"an hour late":                      {1, 4000, 3600, 1 << 10, true},
	} {
		var f flow
		f.print(at(c.first), c.bytes)
		started := at(c.started)
		if c.started < 0 {
			started = time.Time{}
		}
		if f.headKnown() {
			t.Errorf("%s: judged too soon", name)
		}
		f.print(at(c.first+1.1), 1)
		if got := f.lateStart(started, at(c.opened), size); got != c.want || !f.headKnown() {
			t.Errorf("%s: lines may be missing %v, want %v", name, got, c.want)
		}
	}
}

func TestEmptyStart(t *testing.T) {
	const size = 10 << 20
	for name, c := range map[string]struct {
		started, finished, opened, first float64 // zero: unknown, it goes on, or no line at all
		want                             bool
	}{
		"read from the start, and silent":       {1, 0, 3, 0, false},
		"late, and silent":                      {1, 0, 13, 0, true},
		"late, and silent to its end":           {1, 20, 13, 0, true},
		"late, but it had ended soon":           {1, 3, 13, 0, false},
		"late, long after its end":              {1, 20, 300, 0, true},
		"late, and the first line comes then":   {1, 0, 13, 14, true},
		"late, and the first line was there":    {1, 0, 13, 2, false},
		"within the second that is not told":    {1, 0, 11, 0, false},
		"nobody knows when it started":          {0, 0, 13, 0, false},
		"the node's clock is ahead of ours":     {100, 0, 13, 0, false},
		"a line of a file that is being filled": {1, 0, 13, 12.9, false},
	} {
		var f flow
		if c.first > 0 {
			f.print(at(c.first), 100)
		}
		second := func(s float64) time.Time {
			if s == 0 {
				return time.Time{}
			}
			return at(s)
		}
		if got := f.emptyStart(second(c.started), second(c.finished), at(c.opened), size); got != c.want {
			t.Errorf("%s: lines may be missing %v, want %v", name, got, c.want)
		}
	}
}

// A log without a line is whole only if nothing can have been rotated away before it was read. An earlier controller that
// read it would have archived its lines.
func TestSilentLog(t *testing.T) {
	for name, c := range map[string]struct {
		log  Log
		want string
	}{
		"read soon":                           {Log{StartedAt: at(1), FileSize: 10 << 20}, "Finish"},
		"read late":                           {Log{StartedAt: at(-100), FileSize: 10 << 20}, "GapAtStart Finish"},
		"read late, and by another before us": {Log{StartedAt: at(-100), FileSize: 10 << 20, ReadBefore: true}, "Finish"},
	} {
		m := &Machine{log: c.log}
		ended := Event{Kind: Waited, Ended: true, FinishedAt: at(2)}
		response := []Event{ended, {Kind: TurnTaken}, {Kind: Connected}, {Kind: LineRead, End: Closed}, {Kind: Disconnected}}
		if got := play(m, response...); got != "Wait(no pause)" {
			t.Errorf("%s: after one response %s", name, got)
		}
		if got := play(m, response...); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}
