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
	for name, c := range map[string]struct {
		disconnections []pace
		restored       bool
		replayed       bool
		finished       float64
		want           bool
	}{
		"never disconnected":                        {want: false},
		"the last line came again":                  {disconnections: []pace{cut}, replayed: true},
		"it did not":                                {disconnections: []pace{cut}, want: true},
		"after a long quiet":                        {disconnections: []pace{quiet}},
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
				r.disconnected(&c.disconnections[i])
			}
			var finished time.Time
			if c.finished > 0 {
				finished = at(c.finished)
			}
			if got := r.lost(c.replayed, finished); got != c.want {
				t.Errorf("lost %v, want %v", got, c.want)
			}
			if r.lost(false, finished) {
				t.Error("it is recorded twice")
			}
		})
	}
}

// A connection that breaks before the first line loses nothing.
func TestNothingIsLostBeforeTheFirstLine(t *testing.T) {
	var r resumption
	r.disconnected(&pace{over: at(1)})
	if r.lost(false, time.Time{}) {
		t.Error("something is")
	}
}
