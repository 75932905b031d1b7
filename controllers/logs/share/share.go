// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package share divides a common limit between namespaces.
package share

// ofTheRest is how many times the free part a namespace may hold.
const ofTheRest = 4

// May reports whether a namespace that holds own may hold more when so much is free. It may hold up to four fifths of
// what the others leave: one namespace alone has four fifths of all, two have four ninths each, n have 4/(4n+1) each.
// So something is always free for a new namespace, and namespaces need not be configured or counted.
//
// This is the dynamic threshold of shared packet buffers (A. K. Choudhury, E. L. Hahne, "Dynamic queue length
// thresholds for shared-memory packet switches", 1998), with the factor 4.
func May(own, free int64) bool { return own < ofTheRest*free }

// Fit returns how much more a namespace that holds own may take, one by one, if free is left. A free part of zero
// counts as one.
func Fit(own, free int64) int64 {
	free = max(free, 1)
	return max(0, (ofTheRest*free+ofTheRest-own)/(ofTheRest+1))
}
