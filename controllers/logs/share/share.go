// Package share has the rule by which namespaces share what is bounded for all of them together.
package share

// ofTheRest is how many times what is left free a namespace may hold.
const ofTheRest = 4

// May reports whether a namespace that holds own of something may hold more of it, when so much is free. It may hold up
// to four fifths of what the others leave: a namespace alone has four fifths of all, two have four ninths each, n have 4/(4n+1).
// So something is always free for one that comes with nothing, and no namespace has to be configured or counted.
//
// This is the dynamic threshold of shared packet buffers (A. K. Choudhury, E. L. Hahne, "Dynamic queue length thresholds
// for shared-memory packet switches", 1998), with the factor 4.
func May(own, free int64) bool { return own < ofTheRest*free }

// Fit is how much more a namespace that holds own may take, one after the other, when so much is free. It is one more where
// nothing is free and one place would do.
func Fit(own, free int64) int64 {
	free = max(free, 1)
	return max(0, (ofTheRest*free+ofTheRest-own)/(ofTheRest+1))
}
