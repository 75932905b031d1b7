// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// kubectl runs the real kubectl with the manifest as its input and returns its output.
func kubectl(t *testing.T, manifest string, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "kubectl", append([]string{"--namespace", namespace}, args...)...)
	command.Stdin = strings.NewReader(manifest)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	stdout, err := command.Output()
	if err != nil {
		t.Fatalf("kubectl %s: %v\n%s%s", strings.Join(args, " "), err, stdout, &stderr)
	}
	return string(stdout)
}

func manifestOf(name, task string) string {
	return fmt.Sprintf(`
apiVersion: taskexec.dev/v1alpha1
kind: TaskExecution
metadata:
  name: %s
  labels: {%s: "true"}
spec:
  taskRef: {name: %s}
  params: {greeting: hello}
`, name, testLabel, task)
}

func TestKubectlApplyWaitAndGet(t *testing.T) {
	t.Parallel()
	name := given(t, taskOf(`echo "$TASK_PARAM_GREETING"`))
	manifest := manifestOf(name, name)
	kubectl(t, manifest, "apply", "-f", "-")
	kubectl(t, "", "wait", "--for=condition=Succeeded", "--timeout=120s", "te/"+name)
	kubectl(t, "", "wait", "--for=condition=LogsCaptured", "--timeout=120s", "te/"+name)
	if again := kubectl(t, manifest, "apply", "-f", "-"); !strings.Contains(again, "unchanged") {
		t.Errorf("applying the same manifest again: %s", again)
	}
	header, row, _ := strings.Cut(kubectl(t, "", "get", "te", name), "\n")
	for _, want := range []string{"TASK", "STATUS", "TRIGGER", "ATTEMPTS", "DURATION", "AGE"} {
		if !strings.Contains(header, want) {
			t.Errorf("kubectl get te lacks the column %s: %s", want, header)
		}
	}
	for _, want := range []string{"Completed", "kubectl", name} {
		if !strings.Contains(row, want) {
			t.Errorf("kubectl get te lacks %s: %s", want, row)
		}
	}
	if yaml := kubectl(t, "", "get", "te", name, "-o", "yaml"); !strings.Contains(yaml, "message: hello") {
		t.Errorf("the log is not in the resource:\n%s", yaml)
	}
	if e := polled(t, name); e.Status != "completed" || !strings.Contains(messages(e.Logs), "hello\n") {
		t.Errorf("the facade shows %s", text(e))
	}
}

func TestKubectlRefusesChangesAndTakesCancel(t *testing.T) {
	t.Parallel()
	name := given(t, taskOf(`echo begun; exec sleep 300`))
	kubectl(t, manifestOf(name, name), "apply", "-f", "-")
	printed(t, name, "begun")
	command := exec.CommandContext(t.Context(), "kubectl", "-n", namespace, "patch", "te", name, "--type=merge", "-p", `{"spec":{"params":{"greeting":"other"}}}`)
	if out, err := command.CombinedOutput(); err == nil || !strings.Contains(string(out), "params are immutable") {
		t.Errorf("changing params: %v %s", err, out)
	}
	uid := string(resource(t, name).UID)
	kubectl(t, "", "patch", "te", name, "--type=merge", "-p", `{"spec":{"cancel":{"reason":"no longer needed"}}}`)
	eventually(t, "the run is Cancelled", func() (bool, string) {
		e := status(t, name)
		return e.Phase == "Cancelled" && strings.Contains(e.Message, "no longer needed"), text(e)
	})
	leavesNothing(t, uid)
}

// Deleting the execution stops the run and deletes its Job and its pod.
func TestKubectlDelete(t *testing.T) {
	t.Parallel()
	name := given(t, taskOf(`echo begun; exec sleep 300`))
	kubectl(t, manifestOf(name, name), "apply", "-f", "-")
	printed(t, name, "begun")
	uid := string(resource(t, name).UID)
	if len(podsOf(t, uid)) != 1 {
		t.Fatal("the run has no pod")
	}
	kubectl(t, "", "delete", "te", name, "--timeout=60s")
	leavesNothing(t, uid)
	eventually(t, "the facade knows it no longer", func() (bool, string) {
		r := call(t, "GET", "/tasks/running/execution/"+name, nil)
		return r.code == 404, r.text()
	})
}

// An execution whose Task does not exist waits and says why. It runs when the Task is created.
func TestExecutionBeforeItsTask(t *testing.T) {
	t.Parallel()
	task := taskOf(`echo late but here`)
	kubectl(t, manifestOf(task.Name, task.Name), "apply", "-f", "-")
	eventually(t, "the execution waits for its task", func() (bool, string) {
		e := status(t, task.Name)
		return e.Phase == "Pending" && e.Reason == "TaskNotFound", text(e)
	})
	given(t, task)
	if e := polled(t, task.Name); e.Status != "completed" {
		t.Errorf("got %s", text(e))
	}
}
