// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"testing"
	"time"
)

func TestLostBetweenConnections(t *testing.T) {
	cut := pace{opened: at(0), read: at(9), over: at(10)}
	quiet := pace{opened: at(0), read: at(9), over: at(100)}
	ended := pace{opened: at(0), last: at(9), read: at(9), over: at(20), clean: true}
	const size = fastestPrint // a file is printed in a second
	for name, c := range map[string]struct {
		disconnections []pace
		restored       bool
		replayed       bool
		finished       float64
		// away is how many seconds each disconnection lasted.
		away float64
		want bool
	}{
		"never disconnected":                        {want: false},
		"the last line came again":                  {disconnections: []pace{cut}, replayed: true},
		"it did not":                                {disconnections: []pace{cut}, want: true},
		"after a long quiet":                        {disconnections: []pace{quiet}},
		"a file was printed after a long quiet":     {disconnections: []pace{quiet}, away: 1, want: true},
		"the reader was there until the end":        {disconnections: []pace{ended}, finished: 15},
		"the container ended later":                 {disconnections: []pace{ended}, finished: 30, want: true},
		"the earliest doubt counts":                 {disconnections: []pace{cut, quiet}, want: true},
		"an earlier controller's last line came":    {restored: true, replayed: true},
		"an earlier controller's last line is away": {restored: true, want: true},
	} {
		t.Run(name, func(t *testing.T) {
			r := resumption{begun: true}
			if c.restored {
				r.restored()
			}
			for i := range c.disconnections {
				p := &c.disconnections[i]
				r.disconnected(p)
				r.connected(p.over.Add(time.Duration(c.away*float64(time.Second))), size)
			}
			var end containerEnd
			if c.finished > 0 {
				end.know(at(c.finished), at(c.finished+30))
			}
			if got := r.lost(c.replayed, end, time.Time{}); got != c.want {
				t.Errorf("lost %v, want %v", got, c.want)
			}
			if r.lost(false, end, time.Time{}) {
				t.Error("it is recorded twice")
			}
		})
	}
}

// A connection that breaks before the first line loses nothing.
func TestNothingIsLostBeforeTheFirstLine(t *testing.T) {
	var r resumption
	r.disconnected(&pace{over: at(1)})
	r.connected(at(2), 1)
	if r.lost(false, containerEnd{}, time.Time{}) {
		t.Error("something is")
	}
}
