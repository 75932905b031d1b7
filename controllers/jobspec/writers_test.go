// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package jobspec

import (
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// A user who writes a Task decides which pod runs, as with a Job. Its service account and privileges are copied.
func TestCase47WritersOfTasksDecideThePod(t *testing.T) {
	task := aTask().Obj()
	pod := &task.Spec.JobTemplate.Spec.Template.Spec
	pod.ServiceAccountName, pod.HostNetwork = "deployer", true
	job, err := Build(task, &v1alpha1.TaskExecution{}, []byte("{}"))
	if err != nil {
		t.Fatal(err)
	}
	if made := job.Spec.Template.Spec; made.ServiceAccountName != "deployer" || !made.HostNetwork {
		t.Errorf("the Job's pod has %q, host network %t", made.ServiceAccountName, made.HostNetwork)
	}
}
