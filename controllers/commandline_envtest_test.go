// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"strings"
	"testing"

	apimeta "k8s.io/apimachinery/pkg/api/meta"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// A Task that puts a parameter into a command line is not Ready, and its run fails without a Job. If the Task allows
// it, both work.
func TestCase58ParamInACommandLine(t *testing.T) {
	operator(t)
	ns := namespace(t)
	task := newTask(ns)
	task.Spec.JobTemplate.Spec.Template.Spec.Containers[0].Command = []string{"sh", "-c", "echo $(TASK_PARAM_HOST)"}
	create(t, task)
	ready := func(status, reason string) string {
		message := ""
		eventually(t, "the Task is Ready="+status+", "+reason, func() (bool, any) {
			read(t, task)
			c := apimeta.FindStatusCondition(task.Status.Conditions, v1alpha1.ConditionReady)
			if c == nil || c.ObservedGeneration != task.Generation || string(c.Status) != status || c.Reason != reason {
				return false, c
			}
			message = c.Message
			return true, c
		})
		return message
	}
	const says = "containers[0].command[2] has $(TASK_PARAM_HOST)"
	if message := ready("False", v1alpha1.ReasonInvalidJobTemplate); !strings.Contains(message, says) {
		t.Errorf("the Task says %q, want %q in it", message, says)
	}
	refused := newExecution(ns)
	create(t, refused)
	reaches(t, refused, v1alpha1.PhaseFailed, v1alpha1.ReasonInvalidJobTemplate)
	if !strings.Contains(refused.Status.Message, says) || len(jobs(t, ns)) > 0 {
		t.Errorf("the run says %q, with %d Jobs", refused.Status.Message, len(jobs(t, ns)))
	}

	edit(t, task, func() { task.Spec.AllowParamsInCommand = true })
	ready("True", v1alpha1.ReasonAccepted)
	allowed := newExecution(ns)
	allowed.Name = "allowed"
	create(t, allowed)
	jobOf(t, allowed)
}
