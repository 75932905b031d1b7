// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package machine

import "time"

// A kubelet that follows a log can lose lines while the file is rotated. The runtime creates the new file first, and
// writes to the old one until it has handed over its buffers (containerd's ReopenContainerLog and WriterGroup). A
// kubelet at the end of the old file leaves it as soon as it sees the new one. We cannot see this in what we read. It
// happens only if a program prints a lot in these milliseconds: with 64 KiB files on a real node, a few times in forty
// rotations at some MB/s, and never in two hundred at 100 KB/s. So we look up where the current file begins. If the
// program printed fast at that time, lines may be missing.
const (
	// flowStep is the resolution of the measured printing speed, by the program's own timestamps.
	flowStep = 100 * time.Millisecond
	// flowSteps is how many steps are kept: more than between two look-ups.
	flowSteps = 64
	// flowAround is the time that counts before and after a rotation.
	flowAround = 2 * flowStep
	// fastFlow is how many bytes around a rotation count as fast printing.
	fastFlow = 128 << 10
	// headTime is how long after the first line the initial speed is measured.
	headTime = time.Second
	// likelyPrint is the most that a program is expected to print before its first line that we read, in bytes per second.
	likelyPrint = 1 << 20
	// lookUpAfter is the time between two look-ups. It is less than that between two rotations.
	lookUpAfter = 2 * time.Second

	// LongLine is the length in bytes from which on a line is very long. There are no timestamps within a line, so for
	// a very long line we look up whether the file was rotated since it began.
	LongLine = 1 << 20
)

// flow measures how fast a program printed lately.
type flow struct {
	steps [flowSteps]struct{ number, bytes int64 }
	// first is the timestamp of the first line that was read.
	first time.Time
	// begins is the timestamp of the first line of the current file, if known, and since is how many bytes came from
	// then on.
	begins time.Time
	since  int64
	// newest is the newest timestamp; fast is the newest one of fast printing.
	newest, fast time.Time
	// looked is when the last look-up was. judged is the timestamp up to which rotations are judged.
	looked, judged time.Time
}

func stepOf(at time.Time) int64 { return at.UnixNano() / int64(flowStep) }

// slotOf returns where a step is kept. Times before 1970 have negative numbers.
func slotOf(number int64) int64 { return (number%flowSteps + flowSteps) % flowSteps }

// print records bytes that were printed at a time.
func (f *flow) print(at time.Time, bytes int64) {
	if f.first.IsZero() {
		f.first, f.begins, f.judged = at, at, at
	}
	f.newest, f.since = later(f.newest, at), f.since+bytes
	number := stepOf(at)
	step := &f.steps[slotOf(number)]
	if step.number != number {
		step.number, step.bytes = number, 0
	}
	step.bytes += bytes
	if f.around(at) >= fastFlow {
		f.fast = later(f.fast, at)
	}
}

// around returns how many bytes were printed around a time, as far as still known.
func (f *flow) around(at time.Time) int64 { return f.between(at.Add(-flowAround), at.Add(flowAround)) }

func (f *flow) between(from, to time.Time) (bytes int64) {
	for number := stepOf(from); number <= stepOf(to); number++ {
		if step := f.steps[slotOf(number)]; step.number == number {
			bytes += step.bytes
		}
	}
	return bytes
}

// shouldLook reports whether to look up where the file begins. It is true if the file may be large enough for a
// rotation and the program printed fast since the last look-up. size is the size in bytes at which a kubelet rotates a
// file.
func (f *flow) shouldLook(now time.Time, size int64) bool {
	return f.unjudged(size) && now.Sub(f.looked) >= lookUpAfter
}

// unjudged reports whether a rotation during fast printing may have happened that was not looked up.
func (f *flow) unjudged(size int64) bool {
	return !f.fast.IsZero() && f.fast.After(f.judged.Add(-2*flowAround)) && f.since >= size-size/4
}

// rotated judges a look-up: the current file begins with the timestamp begins. suspicious means that lines may be
// missing.
func (f *flow) rotated(begins, now time.Time) (suspicious bool) {
	if begins.After(f.begins) {
		// In such a long time between two look-ups there may have been two rotations.
		skipped := !f.looked.IsZero() && now.Sub(f.looked) > minRotation && f.fast.After(f.judged) && f.fast.Before(begins)
		suspicious = skipped || f.around(begins) >= fastFlow
		f.begins, f.since = begins, f.between(later(begins, f.newest.Add(-(flowSteps-1)*flowStep)), f.newest)
	}
	f.looked, f.judged = now, f.newest
	return suspicious
}

// headKnown reports whether enough was read to judge the beginning of a log.
func (f *flow) headKnown() bool { return f.newest.Sub(f.first) >= headTime }

// lateStart reports whether a file may have been rotated away before the first line was read. It is true if there was a
// line before we connected and the program, at the speed of its first second, can have filled a file since it started.
func (f *flow) lateStart(started, opened time.Time, size int64) bool {
	if started.IsZero() || !f.first.Before(opened) {
		return false
	}
	missed := float64(f.between(f.first, f.first.Add(headTime))) * f.first.Sub(started).Seconds() / headTime.Seconds()
	return missed >= float64(size)/2
}

// emptyStart reports whether all lines so far may have been rotated away before we connected: the file was empty then,
// and the program can have filled one between its start and then, or its end. Nothing is rotated after the end. The
// times of the container are in whole seconds; finished is zero if it is not known to have ended.
func (f *flow) emptyStart(started, finished, opened time.Time, size int64) bool {
	if started.IsZero() || !f.first.IsZero() && f.first.Before(opened) {
		return false
	}
	until := opened
	if end := finished.Add(time.Second); !finished.IsZero() && end.Before(opened) {
		until = end
	}
	unseen := until.Sub(started) - time.Second
	return unseen.Seconds()*likelyPrint >= float64(size)
}
