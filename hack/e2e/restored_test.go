// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// A run of the REST API is saved with kubectl get, deleted, and applied again at once. An administrator is refused,
// because only Taskexec may state its origin. An account that the policies exempt creates a copy, which does not run.
// A rerun of the copy runs.
func TestCase64SavedRunDoesNotRunAgain(t *testing.T) {
	t.Parallel()
	id := execute(t, given(t, taskOf(`echo ran`)), nil)
	if e := polled(t, id); e.Status != "completed" {
		t.Fatalf("it ended as %s", text(e))
	}
	saved, first := kubectl(t, "", "get", "te", id, "-o", "yaml"), resource(t, id).UID
	kubectl(t, "", "delete", "te", id)
	refused := exec.CommandContext(t.Context(), "kubectl", "--namespace", namespace, "apply", "-f", "-")
	refused.Stdin = strings.NewReader(saved)
	if out, err := refused.CombinedOutput(); err == nil || !strings.Contains(string(out), "can only be set by Taskexec") {
		t.Errorf("as an administrator: %v\n%s", err, out)
	}
	for range 2 {
		kubectl(t, saved, "apply", "-f", "-", "--as", "system:serviceaccount:taskexec-system:taskexec-apiserver")
		e := polled(t, id)
		if e.Status != "failed" || e.Reason != v1alpha1.ReasonRestoredCopy || !strings.Contains(e.Message, string(first)) {
			t.Errorf("applied again, it ended as %s", text(e))
		}
		again := resource(t, id)
		if again.UID == first || again.Status.Job != nil || len(jobsOf(t, string(again.UID))) > 0 {
			t.Errorf("it is %s, and has the Job %+v", again.UID, again.Status.Job)
		}
		kubectl(t, "", "delete", "te", id)
	}
	kubectl(t, saved, "apply", "-f", "-", "--as", "system:serviceaccount:taskexec-system:taskexec-apiserver")
	polled(t, id)
	rerun := ask[execution](t, "POST", "/tasks/executions/"+id+"/rerun", nil).ExecutionID
	if e := polled(t, rerun); e.Status != "completed" {
		t.Errorf("its rerun ended as %s", text(e))
	}
}
