// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package records

import (
	"cmp"
	"slices"
	"time"
)

// Segments of a day are merged when there are this many of one class. So each row is written again only a few times, and a
// day has a few dozen segments at most.
const mergedAtOnce = 4

// classes are the classes of segments by their number of rows: fewer than the first, fewer than the second, and so on. Larger
// segments are not merged while their day may still grow.
var classes = []int{512, 2048, 8192}

func classOf(rows int) int {
	for class, limit := range classes {
		if rows < limit {
			return class
		}
	}
	return len(classes)
}

// settled is how long after its end a day is taken to be over. Its segments are then merged into as few as possible.
const settledAfter = 6 * time.Hour

// planMerge returns the segments of one day that are to be merged now, or nothing. They are at most mergedRows rows in all, which
// bounds the memory of a merge.
func planMerge(day time.Time, segments []Segment, now time.Time) []Segment {
	if now.Sub(day) > 24*time.Hour+settledAfter {
		return planSettled(segments)
	}
	for class := range classes {
		var of []Segment
		for _, s := range segments {
			if classOf(s.Rows) == class {
				of = append(of, s)
			}
		}
		if len(of) >= mergedAtOnce {
			return upTo(mergedRows, of)
		}
	}
	return nil
}

// mergedRows bounds the rows of one merge.
const mergedRows = 2 * MaxSegmentRows

// planSettled merges what is not full, if that makes fewer segments.
func planSettled(segments []Segment) []Segment {
	var small []Segment
	for _, s := range segments {
		if s.Rows < MaxSegmentRows {
			small = append(small, s)
		}
	}
	slices.SortFunc(small, func(a, b Segment) int { return cmp.Or(a.First.Compare(b.First), cmp.Compare(a.Key, b.Key)) })
	merged := upTo(mergedRows, small)
	rows := 0
	for _, s := range merged {
		rows += s.Rows
	}
	if (rows+MaxSegmentRows-1)/MaxSegmentRows >= len(merged) {
		return nil
	}
	return merged
}

// upTo returns as many segments from the front as have at most that many rows in all.
func upTo(rows int, segments []Segment) []Segment {
	for i, s := range segments {
		if rows -= s.Rows; rows < 0 {
			return segments[:i]
		}
	}
	return segments
}

// chunks cuts rows into the rows of segments: each of one day, and of at most MaxSegmentRows.
func chunks(rows []row) (cut [][]row) {
	for len(rows) > 0 {
		n, day := 1, Day(rows[0].createdAt())
		for n < len(rows) && n < MaxSegmentRows && Day(rows[n].createdAt()).Equal(day) {
			n++
		}
		cut = append(cut, rows[:n:n])
		rows = rows[n:]
	}
	return cut
}
