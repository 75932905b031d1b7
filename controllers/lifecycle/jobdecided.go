// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/controllers/jobspec"
)

// A Job first announces that it will fail (FailureTarget) or complete (SuccessCriteriaMet), and deletes its running
// pods. When those have ended, it is failed or complete (KEP-3998, KEP-3939).

// decisions are the conditions that end a Job, the announcements first.
var decisions = []batchv1.JobConditionType{batchv1.JobFailureTarget, batchv1.JobSuccessCriteriaMet, batchv1.JobFailed, batchv1.JobComplete}

// decidedAt returns when a Job decided how it ends, or zero.
func decidedAt(job *batchv1.Job) (at time.Time) {
	if job == nil {
		return time.Time{}
	}
	for _, decision := range decisions {
		if c := jobspec.TrueCondition(job, decision); c != nil {
			at = earlier(at, c.LastTransitionTime.Time)
		}
	}
	return at
}

// hasDecided reports whether a Job has decided how it ends.
func hasDecided(job *batchv1.Job) bool {
	if job == nil {
		return false
	}
	for _, decision := range decisions {
		if jobspec.TrueCondition(job, decision) != nil {
			return true
		}
	}
	return false
}

// goesOn reports whether anything of the run still runs that was not told to end.
func goesOn(f facts) bool {
	for _, pod := range f.live {
		if pod.DeletionTimestamp == nil && pod.Spec.NodeName != "" {
			return true
		}
	}
	return false
}

// crashed reports whether a pod failed by itself before the Job deleted it. Its container restarted in place more often
// than the backoffLimit allows, and was running again when the Job noticed.
func crashed(job *batchv1.Job, pod *corev1.Pod) bool {
	return crashedContainer(job, pod) != nil
}

func crashedContainer(job *batchv1.Job, pod *corev1.Pod) *corev1.ContainerStatus {
	if job == nil || pod.Spec.RestartPolicy != corev1.RestartPolicyOnFailure || !deletedWhileItRan(pod) || !exceedsBackoffLimit(job) {
		return nil
	}
	for _, statuses := range [][]corev1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses} {
		for i := range statuses {
			s := &statuses[i]
			if t := s.LastTerminationState.Terminated; t != nil && t.ExitCode != 0 && s.RestartCount > 0 && !jobspec.IsSidecar(pod, s.Name) {
				return s
			}
		}
	}
	return nil
}

// howItEnded returns the container that decided the end of a pod, with its end, or nil if none has ended. A sidecar
// never decides.
func howItEnded(job *batchv1.Job, pod *corev1.Pod, container string) (name string, end *corev1.ContainerStateTerminated) {
	if s := crashedContainer(job, pod); s != nil {
		return s.Name, s.LastTerminationState.Terminated
	}
	if s := jobspec.Decisive(pod, container); s != nil {
		return s.Name, s.State.Terminated
	}
	return "", nil
}
