// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"math"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/controllers/jobspec"
)

// JobFinished reports whether a Job creates no more pods.
func JobFinished(job *batchv1.Job) bool {
	return jobspec.TrueCondition(job, batchv1.JobComplete) != nil || jobspec.TrueCondition(job, batchv1.JobFailed) != nil
}

func jobSuspended(job *batchv1.Job) bool {
	return job != nil && job.Spec.Suspend != nil && *job.Spec.Suspend
}

// onePodAtATime reports whether a Job never has a second pod to delete when the first has failed. It is true if the Job
// is gone.
func onePodAtATime(job *batchv1.Job) bool {
	return job == nil || ptr.Deref(job.Spec.Parallelism, 1) == 1
}

// finishedAt returns when a Job failed or completed, or zero.
func finishedAt(job *batchv1.Job) time.Time {
	if job == nil {
		return time.Time{}
	}
	for _, end := range []batchv1.JobConditionType{batchv1.JobFailed, batchv1.JobComplete} {
		if c := jobspec.TrueCondition(job, end); c != nil {
			return c.LastTransitionTime.Time
		}
	}
	return time.Time{}
}

// backoffLimit returns the limit of a Job. The Jobs that we create set it. The API server's default is 6, or no limit
// if there is a limit for each index.
func backoffLimit(job *batchv1.Job) int {
	switch {
	case job == nil:
		return 0
	case job.Spec.BackoffLimit == nil && job.Spec.BackoffLimitPerIndex != nil:
		return math.MaxInt32
	default:
		return int(ptr.Deref(job.Spec.BackoffLimit, 6))
	}
}

func exceedsBackoffLimit(job *batchv1.Job) bool {
	for _, failing := range []batchv1.JobConditionType{batchv1.JobFailureTarget, batchv1.JobFailed} {
		if c := jobspec.TrueCondition(job, failing); c != nil && c.Reason == batchv1.JobReasonBackoffLimitExceeded {
			return true
		}
	}
	return false
}

// resumedAt returns when a suspended Job was resumed, or zero.
func resumedAt(job *batchv1.Job) time.Time {
	for _, c := range job.Status.Conditions {
		if c.Type == batchv1.JobSuspended && c.Status == corev1.ConditionFalse {
			return c.LastTransitionTime.Time
		}
	}
	return time.Time{}
}
