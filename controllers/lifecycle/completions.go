// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"fmt"
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

// maxIndexes bounds the text of status.completions.failedIndexes in bytes; the CRD allows 256 characters.
const maxIndexes = 128

// completionsOf returns the progress of a Job with several completions, or nil if one success is enough.
func completionsOf(o *Observation) *v1alpha1.Completions {
	was := o.Execution.Status.Completions
	if o.Job == nil || o.Job.Spec.Completions == nil || *o.Job.Spec.Completions <= 1 || o.Execution.Status.Phase.IsTerminal() {
		return was
	}
	is := &v1alpha1.Completions{Wanted: *o.Job.Spec.Completions, Succeeded: min(succeeded(o), *o.Job.Spec.Completions)}
	if was != nil {
		is.Succeeded = max(is.Succeeded, was.Succeeded)
	}
	if failed := o.Job.Status.FailedIndexes; failed != nil {
		is.FailedIndexes = clip(*failed, maxIndexes)
	}
	return is
}

// succeeded counts the completions that the Job has counted or is about to count.
func succeeded(o *Observation) int32 {
	if jobspec.IsIndexed(o.Job) {
		return succeededIndexes(o)
	}
	var seen, uncounted int32
	for _, pod := range o.Pods {
		if pod.Status.Phase != corev1.PodSucceeded {
			continue
		}
		seen++
		if slices.Contains(pod.Finalizers, batchv1.JobTrackingFinalizer) {
			uncounted++
		}
	}
	return max(seen, o.Job.Status.Succeeded+uncounted)
}

func succeededIndexes(o *Observation) int32 {
	counted := jobspec.ParseIndexes(o.Job.Status.CompletedIndexes)
	n := counted.Len()
	seen := map[int32]bool{}
	for _, pod := range o.Pods {
		index := jobspec.IndexOf(pod)
		if pod.Status.Phase != corev1.PodSucceeded || index == nil || seen[*index] || counted.Has(*index) {
			continue
		}
		seen[*index] = true
		n++
	}
	return int32(min(n, 1<<31-1)) //nolint:gosec // bounded by the line itself
}

// enoughSucceeded reports whether enough pods have succeeded, so that the Job is about to complete.
func enoughSucceeded(o *Observation, f facts) bool {
	switch {
	case o.Job == nil:
		return false
	case jobspec.TrueCondition(o.Job, batchv1.JobSuccessCriteriaMet) != nil:
		return true
	case o.Job.Spec.Completions == nil: // one success is enough, and running pods are waited for
		return succeeded(o) > 0 && len(f.live) == 0 && !anyEndedByUs(o)
	default:
		return succeeded(o) >= *o.Job.Spec.Completions
	}
}

// progressText describes the progress of a run. It is empty if only one pod has to succeed.
func progressText(c *v1alpha1.Completions) string {
	if c == nil {
		return ""
	}
	text := fmt.Sprintf("%d of %d completions", c.Succeeded, c.Wanted)
	if c.FailedIndexes != "" {
		text += "; failed indexes: " + c.FailedIndexes
	}
	return text
}
