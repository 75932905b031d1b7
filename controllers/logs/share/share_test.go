// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package share

import "testing"

// Fit returns how many more places May allows.
func TestFitCountsWhatMayLets(t *testing.T) {
	for own := range int64(60) {
		for free := int64(1); free < 60; free++ {
			n := int64(0)
			for n < free && May(own+n, free-n) {
				n++
			}
			if got := min(Fit(own, free), free); got != n {
				t.Fatalf("%d of its own and %d free: %d fit, want %d", own, free, got, n)
			}
		}
	}
	if Fit(0, 0) != 1 || Fit(3, 0) != 1 || Fit(4, 0) != 0 || Fit(9, -3) != 0 {
		t.Error("where nothing is free, one place more is of use to who holds less than four")
	}
}

// However many namespaces want all they can get, something is left for the next one, and all have about the same.
func TestCase51SomethingIsLeftForWhoComesNext(t *testing.T) {
	const total = 1000
	for namespaces := 1; namespaces <= 100; namespaces++ {
		held, free := make([]int64, namespaces), int64(total)
		for taken := true; taken; {
			taken = false
			for i := range held {
				if May(held[i], free) {
					held[i], free, taken = held[i]+1, free-1, true
				}
			}
		}
		want := int64(4 * total / (4*namespaces + 1))
		for _, h := range held {
			if h < want-1 || h > want+5 {
				t.Errorf("%d namespaces: one has %d, want about %d", namespaces, h, want)
			}
		}
		if free < 1 {
			t.Errorf("%d namespaces leave nothing", namespaces)
		}
	}
}
