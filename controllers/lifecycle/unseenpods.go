// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// PodsAreBehind reports whether the cache lacks pods of a run that has ended or is about to be stopped. Then they must
// be read from the API server. Jobs and pods are watched separately. Without the pods, the run would have no exit code
// and no log, and a container that has just started would not be waited for.
func PodsAreBehind(o *Observation) bool {
	switch {
	case o.Job == nil || LogIsFinal(o.Execution):
		return false
	case JobFinished(o.Job):
		return o.Job.Status.Succeeded+o.Job.Status.Failed > int32(gather(o).terminated)
	default:
		return !slices.ContainsFunc(o.Pods, runsOrHasRun) && isToStop(o)
	}
}

// isToStop reports whether a run without an observed start must stop: it was cancelled, or did not start in time.
func isToStop(o *Observation) bool {
	return hasExpired(gather(o).clocks.start, o.Now) || o.Execution.Spec.Cancel != nil
}

// runsOrHasRun reports whether a pod runs a container, or has run one and ended.
func runsOrHasRun(pod *corev1.Pod) bool {
	return !startOf(pod).IsZero() && (podEnded(pod) || !isIdle(pod))
}
