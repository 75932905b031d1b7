package jobspec

import (
	batchv1 "k8s.io/api/batch/v1"
)

// generated are the labels that the API server gives each Job and its pods, by their newer and older names.
var generated = []string{batchv1.ControllerUidLabel, batchv1.JobNameLabel, "controller-uid", "job-name"}

// ungenerate takes off a template what the API server gives to each Job anew, so that a template that was copied from a
// Job works: with the selector and the labels of another Job, the API server would refuse this one. It refuses a
// selector in a CronJob, too.
func ungenerate(job *batchv1.Job) {
	job.Spec.Selector, job.Spec.ManualSelector = nil, nil
	for _, label := range generated {
		delete(job.Labels, label)
		delete(job.Spec.Template.Labels, label)
	}
}
