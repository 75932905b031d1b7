// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"time"
)

// stamped is a numbered line and when the runtime took it.
type stamped struct {
	number int
	at     time.Time
}

// visible is how far one run's mirrored tail was seen. The zero value has seen nothing.
type visible struct {
	// next is the number of the first line that was not seen.
	next int
	// at is the time of the line before it.
	at time.Time
}

// observe takes a tail that was seen at a time, its lines in order, and gives for each line that became visible
// by it how long that took. A line is visible when it or a later one is in the tail; the time of one that has left
// the tail is reckoned from the lines around it, at first with the interval at which lines are printed.
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
