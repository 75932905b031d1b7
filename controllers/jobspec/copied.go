// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package jobspec

import (
	batchv1 "k8s.io/api/batch/v1"
)

// generated are the labels that the API server gives each Job and its pods, by their newer and older names.
var generated = []string{batchv1.ControllerUidLabel, batchv1.JobNameLabel, "controller-uid", "job-name"}

// ungenerate removes from a template what the API server generates for each Job, so that a template copied from a live
// Job works. The API server would refuse a Job with the selector and the labels of another one.
func ungenerate(job *batchv1.Job) {
	job.Spec.Selector, job.Spec.ManualSelector = nil, nil
	for _, label := range generated {
		delete(job.Labels, label)
		delete(job.Spec.Template.Labels, label)
	}
}
