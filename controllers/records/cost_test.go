// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package records

import (
	"fmt"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"
)

// BenchmarkRecord is what recording costs for each run, with seven runs in each write of the history, as with 10,000 runs a day in
// one namespace. docs/performance.md compares it with the CPU time of a Job.
func BenchmarkRecord(b *testing.B) {
	const atOnce = 7
	clock := clocktesting.NewFakePassiveClock(noon)
	w := writes(folder(b), clock)
	for n := 0; b.Loop(); n++ {
		at := noon.Add(time.Duration(n) * 8640 * time.Millisecond)
		clock.SetTime(at)
		if err := w.Put(b.Context(), ended(fmt.Sprintf("run-%07d", n), at), nil); err != nil {
			b.Fatal(err)
		}
		if n%atOnce == 0 {
			if err := w.Flush(b.Context(), nil); err != nil {
				b.Fatal(err)
			}
		}
	}
}
