// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

// One pod decides how a run ended. Exit code, reason, message and result are those of this pod. If the run failed, it
// is the first pod whose failure made it impossible for the Job to complete. A pod that we or the Job's own clean-up
// ended does not count. If the run completed, it is the pod with the last success that the Job waited for.

// podEnd is a pod that has ended.
type podEnd struct {
	pod *corev1.Pod
	// at is when its last container ended. If none ran, it is about when the pod ended.
	at time.Time
	// byUs is why the controller ended it, or empty.
	byUs string
	// deleted means that its containers ended because somebody deleted the pod, at the time asked, and the platform
	// gives no other reason.
	deleted bool
	asked   time.Time
}

// podEnds returns the pods that have ended, ordered by their ends. If two ended within one second, a failure that we
// did not cause comes first.
func podEnds(o *Observation) (ends []podEnd) {
	for _, pod := range o.Pods {
		if !podEnded(pod) {
			continue
		}
		e := podEnd{pod: pod, at: endedAt(pod)}
		e.byUs, _ = podEndedByUs(pod)
		if e.byUs == "" && disruptionOf(pod) == deletedPod {
			e.deleted, e.asked = true, deletionAsked(pod)
		}
		ends = append(ends, e)
	}
	slices.SortStableFunc(ends, func(a, b podEnd) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.rank(), b.rank())) })
	return ends
}

func (e *podEnd) rank() int {
	switch {
	case e.byUs != "":
		return 1
	case e.deleted:
		return 2
	default:
		return 0
	}
}

// decidingFailure returns the failure that decided, or nil if no observed pod failed. sure means that the Job cannot
// complete after it. Otherwise it is the best guess for a Job that has failed.
func decidingFailure(o *Observation, f facts) (d *podEnd, sure bool) {
	failed, cleaned := failures(o, f)
	for i := range failed {
		if policyAction(o.Job, failed[i].pod) == batchv1.PodFailurePolicyActionFailJob {
			return &failed[i], true
		}
	}
	counted := slices.DeleteFunc(slices.Clone(failed), func(e podEnd) bool {
		return policyAction(o.Job, e.pod) == batchv1.PodFailurePolicyActionIgnore
	})
	if d, sure := decidingIndex(o.Job, counted); d != nil {
		return d, sure
	}
	if limit := backoffLimit(o.Job); len(counted) > limit {
		if onePodAtATime(o.Job) {
			limit = len(counted) - 1 // no pod came after it
		}
		goesOn := o.Job == nil || !hasDecided(o.Job) && allCounted(o, f) // the Job knows better, or nobody does
		return &counted[limit], !goesOn
	}
	for _, candidates := range [][]podEnd{counted, failed} {
		if n := len(candidates); n > 0 {
			return &candidates[n-1], false // some earlier pods are gone, or restarts in place were counted
		}
	}
	if len(cleaned) > 0 {
		return &cleaned[0], false
	}
	if ends := podEnds(o); hasDecided(o.Job) && len(ends) > 0 {
		return &ends[len(ends)-1], false
	}
	return nil, false
}

// failures returns the pods that failed. cleaned are those that a Job deleted while they ran, because the Job had
// decided or was suspended.
func failures(o *Observation, f facts) (failed, cleaned []podEnd) {
	decided := decidedAt(o.Job)
	for _, e := range podEnds(o) {
		switch {
		case e.pod.Status.Phase != corev1.PodFailed:
		case e.deleted && (f.isPaused() || !decided.IsZero() && !e.asked.Before(decided)) && !crashed(o.Job, e.pod):
			cleaned = append(cleaned, e)
		default:
			failed = append(failed, e)
		}
	}
	return failed, cleaned
}

// decidingIndex returns the deciding failure of a Job that counts failures for each index. It is the first index
// without retries left. If a successPolicy allows some indexes to fail, it is the index that was one too many.
func decidingIndex(job *batchv1.Job, counted []podEnd) (d *podEnd, sure bool) {
	if job == nil || job.Spec.BackoffLimitPerIndex == nil {
		return nil, false
	}
	failures, given := map[int32]int32{}, []*podEnd{}
	for i := range counted {
		e := &counted[i]
		index := jobspec.IndexOf(e.pod)
		if index == nil || failures[*index] == math.MaxInt32 {
			continue
		}
		failures[*index] = max(failures[*index], failuresBefore(e.pod)) + 1
		if failures[*index] > *job.Spec.BackoffLimitPerIndex || policyAction(job, e.pod) == batchv1.PodFailurePolicyActionFailIndex {
			failures[*index] = math.MaxInt32
			given = append(given, e)
		}
	}
	tooMany := job.Spec.MaxFailedIndexes != nil && len(given) > int(*job.Spec.MaxFailedIndexes)
	switch {
	case len(given) == 0:
		return nil, false
	case job.Spec.SuccessPolicy != nil && tooMany:
		return given[*job.Spec.MaxFailedIndexes], true
	default:
		return given[0], job.Spec.SuccessPolicy == nil
	}
}

// failuresBefore returns how often a pod's index had failed before. The Job controller writes it on the pod (KEP-3850).
func failuresBefore(pod *corev1.Pod) int32 {
	n, err := strconv.ParseInt(pod.Annotations[batchv1.JobIndexFailureCountAnnotation], 10, 32)
	if err != nil || n < 0 || n == math.MaxInt32 {
		return 0
	}
	return int32(n)
}

// decidingSuccess returns the last success that the Job waited for. A pod that was deleted and ended with exit code 0
// is not a success.
func decidingSuccess(o *Observation) *corev1.Pod {
	var last, own, wanted *corev1.Pod
	for _, e := range podEnds(o) {
		if e.pod.Status.Phase != corev1.PodSucceeded {
			continue
		}
		last = e.pod
		if e.deleted {
			continue
		}
		own = e.pod
		if isWanted(o.Job, e.pod) {
			wanted = e.pod
		}
	}
	return cmp.Or(wanted, own, last)
}

// isWanted reports whether a Job's successPolicy may count a pod. A rule without indexes accepts any.
func isWanted(job *batchv1.Job, pod *corev1.Pod) bool {
	if job == nil || job.Spec.SuccessPolicy == nil {
		return true
	}
	index := jobspec.IndexOf(pod)
	return slices.ContainsFunc(job.Spec.SuccessPolicy.Rules, func(r batchv1.SuccessPolicyRule) bool {
		return r.SucceededIndexes == nil || index != nil && jobspec.ParseIndexes(*r.SucceededIndexes).Has(*index)
	})
}

// decidingPodOf returns the pod that decided how a run ended, or nil if no observed pod did.
func decidingPodOf(o *Observation, f facts, status *v1alpha1.TaskExecutionStatus) *corev1.Pod {
	switch {
	case status.Phase == v1alpha1.PhaseCompleted,
		status.Reason == v1alpha1.ReasonFinishedWhileCancelling && o.Job != nil && jobspec.TrueCondition(o.Job, batchv1.JobComplete) != nil:
		return decidingSuccess(o)
	case status.Reason != v1alpha1.ReasonFinishedWhileCancelling && wasStopped(status.Reason):
		return stoppedPod(o, f)
	}
	if d, _ := decidingFailure(o, f); d != nil {
		return d.pod
	}
	if pod, _ := awaitedFromNodes(f); pod != nil {
		return pod
	}
	return lastEnded(o)
}

// stoppedPod returns the first pod that ended because the run was stopped: by us or, at the Job's own deadline, by the
// Job. If nothing ran any more, it is the last pod that ended.
func stoppedPod(o *Observation, f facts) *corev1.Pod {
	for _, e := range podEnds(o) {
		if e.byUs != "" {
			return e.pod
		}
	}
	if _, cleaned := failures(o, f); len(cleaned) > 0 {
		return cleaned[0].pod
	}
	for _, pod := range f.live {
		if _, _, marked := endMark(pod); marked {
			return pod // its node did not confirm the end
		}
	}
	return lastEnded(o)
}

func lastEnded(o *Observation) *corev1.Pod {
	ends := podEnds(o)
	if len(ends) == 0 {
		return nil
	}
	return ends[len(ends)-1].pod
}
