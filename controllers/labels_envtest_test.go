// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// The labels of an execution reach its Job and the pod template, except those that others own.
func TestRunLabelsReachTheRealJob(t *testing.T) {
	ns := namespace(t)
	operator(t)
	task := newTask(ns)
	task.Spec.JobTemplate.Spec.Template.Labels = map[string]string{"tier": "template"}
	create(t, task)
	e := newExecution(ns)
	e.Labels = map[string]string{
		"team": "billing", "tier": "own", "app.kubernetes.io/instance": "argo", "argocd.argoproj.io/instance": "argo", "job-name": "forged",
	}
	create(t, e)
	reaches(t, e, v1alpha1.PhasePending, v1alpha1.ReasonJobCreated)
	job := jobOf(t, e)
	pods := job.Spec.Template.Labels
	if job.Labels["team"] != "billing" || job.Labels["tier"] != "own" || pods["team"] != "billing" || pods["tier"] != "template" {
		t.Errorf("the Job has %v, its pods %v", job.Labels, pods)
	}
	for _, labels := range []map[string]string{job.Labels, pods} {
		if labels["app.kubernetes.io/instance"] != "" || labels["argocd.argoproj.io/instance"] != "" || labels["job-name"] == "forged" ||
			labels[v1alpha1.LabelExecutionUID] != string(e.UID) {
			t.Errorf("labels of others are copied, or our own are lost: %v", labels)
		}
	}
}
