// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package jobspec

import (
	"strconv"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
)

// IsIndexed reports whether each completion of a Job has an index of its own.
func IsIndexed(job *batchv1.Job) bool {
	return job.Spec.CompletionMode != nil && *job.Spec.CompletionMode == batchv1.IndexedCompletion
}

// IndexOf returns the index that a pod of an Indexed Job works on, or nil. The Job controller writes it as an
// annotation.
func IndexOf(pod *corev1.Pod) *int32 {
	n, err := strconv.ParseInt(pod.Annotations[batchv1.JobCompletionIndexAnnotation], 10, 32)
	if err != nil || n < 0 {
		return nil
	}
	index := int32(n)
	return &index
}

// Indexes is a set of completion indexes, as intervals from the first to the last.
type Indexes [][2]int32

// ParseIndexes parses a set as a Job writes it in status.completedIndexes, status.failedIndexes and successPolicy, such
// as "1,3-5". It skips anything that is not an interval, which the API server never accepts.
func ParseIndexes(text string) (set Indexes) {
	for part := range strings.SplitSeq(text, ",") {
		from, to, isRange := strings.Cut(part, "-")
		if !isRange {
			to = from
		}
		first, err := strconv.ParseInt(from, 10, 32)
		last, err2 := strconv.ParseInt(to, 10, 32)
		if err == nil && err2 == nil && first >= 0 && last >= first {
			set = append(set, [2]int32{int32(first), int32(last)})
		}
	}
	return set
}

// Has reports whether an index is in the set.
func (s Indexes) Has(index int32) bool {
	for _, interval := range s {
		if interval[0] <= index && index <= interval[1] {
			return true
		}
	}
	return false
}

// Len counts the indexes of a set whose intervals do not overlap.
func (s Indexes) Len() (n int64) {
	for _, interval := range s {
		n += int64(interval[1]) - int64(interval[0]) + 1
	}
	return n
}
