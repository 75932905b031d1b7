// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/controllers/jobspec"
)

// retrying returns the failed pod whose successor has not started yet, and the number of its attempt, counted from 1.
// Each index of an Indexed Job has its own attempts. pod is nil if nothing is retried.
func retrying(o *Observation, f facts) (pod *corev1.Pod, attempt int) {
	if enoughSucceeded(o, f) || hasDecided(o.Job) {
		return nil, 0
	}
	if _, sure := decidingFailure(o, f); sure && !jobspec.IsIndexed(o.Job) {
		return nil, 0
	}
	ends := podEnds(o)
	for i := len(ends) - 1; i >= 0; i-- {
		if e := &ends[i]; e.byUs == "" && isTriedAgain(o, f, e.pod) {
			return e.pod, attemptsOf(ends[:i+1], jobspec.IndexOf(e.pod))
		}
		if !jobspec.IsIndexed(o.Job) {
			break // earlier ends were retried, or belong to another completion
		}
	}
	return nil, 0
}

// isTriedAgain reports whether a pod failed and its successor has not started yet.
func isTriedAgain(o *Observation, f facts, pod *corev1.Pod) bool {
	if pod.Status.Phase != corev1.PodFailed {
		return false
	}
	if !jobspec.IsIndexed(o.Job) {
		return len(f.live) == 0 || f.last.Status.Phase == corev1.PodPending
	}
	index := jobspec.IndexOf(pod)
	if index == nil || o.Job.Status.FailedIndexes != nil && jobspec.ParseIndexes(*o.Job.Status.FailedIndexes).Has(*index) {
		return false
	}
	return !slices.ContainsFunc(o.Pods, func(other *corev1.Pod) bool {
		same := jobspec.IndexOf(other)
		return same != nil && *same == *index && (other.Status.Phase == corev1.PodSucceeded || !podEnded(other) && !startOf(other).IsZero())
	})
}

// attemptsOf counts the failed attempts of an index, or of all pods if there is none.
func attemptsOf(ends []podEnd, index *int32) (n int) {
	for i := range ends {
		own := jobspec.IndexOf(ends[i].pod)
		if ends[i].pod.Status.Phase == corev1.PodFailed && (index == nil || own != nil && *own == *index) {
			n++
		}
	}
	return n
}

func retryingText(pod *corev1.Pod, attempt int) string {
	return fmt.Sprintf("%sattempt %d failed; the Job makes another", ofIndex(pod), attempt)
}
