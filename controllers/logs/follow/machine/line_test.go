// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package machine

import "testing"

func TestLines(t *testing.T) {
	old := line(1, "a")
	old.New = false
	skipped := line(3, "c")
	skipped.FileSkipped = true
	for name, c := range map[string]struct {
		before []Event
		line   Event
		want   string
	}{
		"a new line":                    {nil, line(1, "a"), "BeginLine(a) ReadLine"},
		"a line that was read before":   {[]Event{line(1, "a")}, old, "ReadLine"},
		"the last of a response":        {nil, func() Event { e := line(1, "a"); e.End = Closed; return e }(), "BeginLine(a) Disconnect"},
		"a file was skipped":            {[]Event{line(1, "a")}, skipped, "Gap BeginLine(c) ReadLine"},
		"which is recorded once":        {[]Event{line(1, "a"), func() Event { e := skipped; e.At = at(2); return e }()}, skipped, "BeginLine(c) ReadLine"},
		"the beginning of a long line":  {nil, begins(1, "long", false), "BeginLine(long, …) ReadPiece"},
		"a long line that was read":     {[]Event{line(1, "a")}, begins(1, "other", true), "ReadPiece"},
		"a jump while behind":           {[]Event{line(0, "a"), {Kind: LineRead, At: at(1), Now: at(20), Whole: true, New: true}}, func() Event { e := line(15, "b"); e.Now = at(21); return e }(), "Search"},
		"a jump that was waited for":    {[]Event{line(0, "a"), line(1, "b")}, line(15, "c"), "BeginLine(c) ReadLine"},
		"the first line after a minute": {[]Event{line(0, "a")}, line(60, "c"), "BeginLine(c) ReadLine"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := play(following(c.before...), c.line); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// The line before a jump in time was read from a file. If that file still exists, no file was skipped.
func TestSearch(t *testing.T) {
	for found, want := range map[bool]string{true: "BeginLine(c) ReadLine", false: "Gap BeginLine(c) ReadLine"} {
		m := following(line(0, "a"), Event{Kind: LineRead, At: at(1), Now: at(20), Hash: 7, Whole: true, New: true})
		jump := line(15, "c")
		jump.Now = at(21)
		actions := m.Step(jump)
		if len(actions) != 1 || actions[0].Kind != Search || !actions[0].At.Equal(at(1)) || actions[0].Hash != 7 {
			t.Fatalf("got %+v, want to search for the line before", actions)
		}
		if got := play(m, Event{Kind: Searched, Found: found}); got != want {
			t.Errorf("found %v: got %s, want %s", found, got, want)
		}
	}
}
