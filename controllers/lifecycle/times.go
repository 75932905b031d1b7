// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import "time"

// earlier returns the earlier of two times. Zero and the epoch count as no time: a kubelet that lost track of a
// container reports the epoch.
func earlier(a, b time.Time) time.Time {
	if b.IsZero() || b.Unix() <= 0 || (!a.IsZero() && a.Before(b)) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func seconds(n int64) time.Duration { return time.Duration(n) * time.Second }

// Soonest returns the shortest of some delays. Zero counts as no delay.
func Soonest(waits ...time.Duration) (first time.Duration) {
	for _, w := range waits {
		if w > 0 && (first == 0 || w < first) {
			first = w
		}
	}
	return first
}
