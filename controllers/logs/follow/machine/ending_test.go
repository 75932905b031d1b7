// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package machine

import "testing"

func TestEnding(t *testing.T) {
	// response is what one read of an ended container's log brought. unfinished means that it ended with a line without
	// a newline; cut, that it ended within a long line that was read before.
	type response struct {
		fresh, stamped, replayed, unfinished, cut bool
		want                                      verdict
	}
	for name, c := range map[string]struct {
		begun     bool
		responses []response
	}{
		"the last line comes again":                   {true, []response{{fresh: true, stamped: true, want: toConfirm}, {stamped: true, replayed: true, want: theEnd}}},
		"a log without a line":                        {false, []response{{want: toConfirm}, {want: theEnd}}},
		"the last line was rotated away":              {true, []response{{want: toConfirm}, {want: notTheEnd}, {want: theEnd}}},
		"responses that end before the last line":     {true, []response{{stamped: true, want: notTheEnd}, {stamped: true, want: notTheEnd}, {stamped: true, want: notTheEnd}}},
		"a cut response begins the count again":       {true, []response{{want: toConfirm}, {want: notTheEnd}, {stamped: true, want: notTheEnd}, {want: toConfirm}}},
		"and so do new lines":                         {true, []response{{want: toConfirm}, {want: notTheEnd}, {fresh: true, stamped: true, want: toConfirm}, {want: toConfirm}}},
		"an unfinished line that does not come again": {false, []response{{unfinished: true, want: toConfirm}, {want: notTheEnd}, {want: toConfirm}, {want: theEnd}}},
		"and one after the last line":                 {true, []response{{fresh: true, stamped: true, unfinished: true, want: toConfirm}, {stamped: true, replayed: true, want: notTheEnd}, {stamped: true, replayed: true, want: theEnd}}},
		"an unfinished line that was read before":     {true, []response{{stamped: true, unfinished: true, want: toConfirm}, {stamped: true, replayed: true, unfinished: true, want: theEnd}}},
		"a response that is cut within the last line": {true, []response{{stamped: true, replayed: true, cut: true, want: notTheEnd}, {stamped: true, replayed: true, want: theEnd}}},
		"new lines are no end, although one repeats":  {true, []response{{fresh: true, stamped: true, replayed: true, want: toConfirm}}},
	} {
		t.Run(name, func(t *testing.T) {
			var e ending
			for i, r := range c.responses {
				e.connected()
				e.stamped, e.cut = r.stamped, r.cut
				if r.unfinished {
					e.isLast(at(1), 1)
				}
				if got := e.judge(r.fresh, c.begun, r.replayed); got != r.want {
					t.Errorf("response %d: got %d, want %d", i, got, r.want)
				}
			}
		})
	}
}

// A line without a newline is the last one if two reads in a row end with it.
func TestLastLineComesTwice(t *testing.T) {
	type read struct {
		second float64
		hash   uint64
		want   bool
	}
	for name, reads := range map[string][]read{
		"twice":                     {{1, 1, false}, {1, 1, true}},
		"cut at another place":      {{1, 1, false}, {1, 2, false}, {1, 2, true}},
		"another one":               {{1, 1, false}, {2, 1, false}},
		"a response without it":     {{1, 1, false}, {-1, 0, false}, {1, 1, false}},
		"taken, and it comes again": {{1, 1, false}, {1, 1, true}, {1, 1, false}},
	} {
		t.Run(name, func(t *testing.T) {
			var e ending
			for i, r := range reads {
				e.connected()
				if r.second < 0 {
					continue
				}
				if got := e.isLast(at(r.second), r.hash); got != r.want {
					t.Errorf("read %d: got %v", i, got)
				}
				if waits := e.last != nil; waits == r.want {
					t.Errorf("read %d: a further read is waited for: %v", i, waits)
				}
			}
		})
	}
}

// An unstamped text of the kubelet without a newline must not be remembered: no line would ever come after it.
func TestUnstampedEndIsNotRemembered(t *testing.T) {
	words := Event{Kind: LineRead, Text: []byte("no log"), Hash: 1, End: Closed}
	m := &Machine{}
	for range 3 {
		play(m, Event{Kind: Waited, Ended: true}, Event{Kind: TurnTaken}, Event{Kind: Connected}, words, Event{Kind: Disconnected})
		if since := m.Window().Since(); !since.IsZero() {
			t.Fatalf("the log is asked for since %s", since)
		}
	}
}
