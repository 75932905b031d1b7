// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

// nodeLost ends a run whose pods were deleted by a drain, a taint or a person, and whose nodes do not confirm the end
// in time. Kubernetes waits for such a node for ever, and the Job creates no other pod meanwhile (podReplacementPolicy
// Failed). Without a timeout nothing else would end the run. It is not started again, even with retries left: nobody
// knows what still runs on the lost node.
func nodeLost(o *Observation, f facts) (step, bool) {
	s, is := givenUp(o, f)
	s.deleteJob = is && o.Job.DeletionTimestamp == nil // or it would retry once the node is back
	return s, is
}

// givenUp returns how a run ends if its nodes are no longer waited for. is is false while they are, or need not be.
func givenUp(o *Observation, f facts) (s step, is bool) {
	pod, due := awaitedFromNodes(f)
	if pod == nil || !hasExpired(due, o.Now) {
		return step{}, false
	}
	words := fmt.Sprintf("pod %s was to have ended by %s, and node %s did not confirm it: the container may still run there",
		pod.Name, pod.DeletionTimestamp.UTC().Format(time.RFC3339), pod.Spec.NodeName)
	if !hasDecided(o.Job) {
		return fail(v1alpha1.ReasonNodeLost, words), true
	}
	// The Job has decided, and waits for the pods that it deleted.
	s = step{verdict: verdict{v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted, words}}
	if jobspec.TrueCondition(o.Job, batchv1.JobFailureTarget) != nil {
		s.verdict = failure(o, f)
		s.message += "; " + words
	}
	return s, true
}

// awaitedFromNodes returns the newest pod of a run if all its live pods are being deleted and their nodes have not
// confirmed it, and until when to wait for them. It returns nil if a pod may go on, or if we ended it.
func awaitedFromNodes(f facts) (newest *corev1.Pod, due time.Time) {
	for _, pod := range f.live {
		if _, _, byUs := endMark(pod); byUs || pod.DeletionTimestamp == nil || pod.Spec.NodeName == "" {
			return nil, time.Time{}
		}
		newest = pod
		due = later(due, pod.DeletionTimestamp.Add(giveUpMargin)) // the timestamp is the end of the grace period
	}
	return newest, due
}
