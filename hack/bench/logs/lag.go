// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"time"
)

// stamped is a numbered line with the time stamp of the runtime.
type stamped struct {
	number int
	at     time.Time
}

// visible records how much of one run's log the tail has shown. The zero value means nothing.
type visible struct {
	// next is the number of the first line that was not visible yet.
	next int
	// at is the time stamp of the line before next.
	at time.Time
}

// observe takes a tail as it was at a time and returns the lag of each newly visible line. A line is visible when it
// or a later one is in the tail. For lines that have left the tail, it interpolates the time stamp from the lines
// around them. At the start of a log it uses interval, the time between two lines.
func (v *visible) observe(tail []stamped, now time.Time, interval time.Duration) (lags []time.Duration) {
	for _, line := range tail {
		if line.number < v.next {
			continue
		}
		unseen := line.number - v.next
		step := interval
		if v.next > 0 {
			step = line.at.Sub(v.at) / time.Duration(unseen+1)
		}
		for k := unseen; k > 0; k-- {
			lags = append(lags, now.Sub(line.at.Add(-time.Duration(k)*step)))
		}
		lags = append(lags, now.Sub(line.at))
		v.next, v.at = line.number+1, line.at
	}
	return lags
}
