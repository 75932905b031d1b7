// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package figures summarizes measurements for tests and benches.
package figures

import (
	"cmp"
	"slices"
	"time"
)

// Percentile returns a percentile of durations by nearest rank. It returns 0 for no durations.
func Percentile(of []time.Duration, percent int) time.Duration {
	if len(of) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(of))
	rank := (len(sorted)*percent + 99) / 100
	return sorted[max(rank, 1)-1]
}

// Median returns the median of some values. If their number is even, it returns the lower of the two in the middle.
// It returns zero for no values.
func Median[T cmp.Ordered](values []T) (median T) {
	if len(values) == 0 {
		return median
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[(len(sorted)-1)/2]
}
