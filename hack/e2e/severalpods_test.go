// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// indexedTaskOf runs a script in two pods at once. JOB_COMPLETION_INDEX has the number of the pod.
func indexedTaskOf(script string) *v1alpha1.Task {
	task := taskOf(script)
	spec := &task.Spec.JobTemplate.Spec
	spec.Completions, spec.Parallelism, spec.CompletionMode = ptr.To[int32](2), ptr.To[int32](2), ptr.To(batchv1.IndexedCompletion)
	return task
}

// One index ends at once and the other hangs. The timeout ends the run, although the template has a longer deadline.
func TestCase23TimeoutOfOneIndex(t *testing.T) {
	t.Parallel()
	task := indexedTaskOf(`echo "index $JOB_COMPLETION_INDEX"; [ "$JOB_COMPLETION_INDEX" = 1 ] || exec sleep 300`)
	task.Spec.Timeout = timeout(8 * time.Second)
	task.Spec.JobTemplate.Spec.ActiveDeadlineSeconds = ptr.To[int64](600)
	id := execute(t, given(t, task), nil)
	if e := polled(t, id); e.Reason != v1alpha1.ReasonDeadlineExceeded || ptr.Deref(e.ExitCode, 0) == 0 {
		t.Errorf("got %s", text(e))
	}
	s := resource(t, id).Status
	if took := s.CompletionTime.Sub(s.StartTime.Time); took < 8*time.Second || took > time.Minute {
		t.Errorf("it ended after %s", took)
	}
	if d := s.DecidingPod(); d == nil || ptr.Deref(d.Index, -1) != 0 || s.Completions == nil || s.Completions.Succeeded != 1 {
		t.Errorf("status: %s", text(s))
	}
	seen := map[int32]bool{}
	for i := range s.Logs {
		if index := s.Logs[i].Index; index != nil {
			seen[*index] = true
		}
	}
	if !seen[0] || !seen[1] {
		t.Errorf("log entries of the indexes %v: %s", seen, text(s.Logs))
	}
}

// One index fails by itself. The Job kills the other one, which ignores SIGTERM.
func TestCase24ExitCodeOfTheIndexThatFailed(t *testing.T) {
	t.Parallel()
	task := indexedTaskOf(`[ "$JOB_COMPLETION_INDEX" = 1 ] && { sleep 3; echo '{"left":7}' > /dev/termination-log; exit 7; }; trap "" TERM; while :; do sleep 1; done`)
	id := execute(t, given(t, task), nil)
	e := polled(t, id)
	if e.Reason != v1alpha1.ReasonNonZeroExit || ptr.Deref(e.ExitCode, 0) != 7 || !strings.HasPrefix(e.Message, "index 1: ") {
		t.Errorf("got %s", text(e))
	}
	s := resource(t, id).Status
	for i := range s.Pods {
		if p := &s.Pods[i]; p.Phase == "Running" || p.Deciding != (ptr.Deref(p.Index, -1) == 1) {
			t.Errorf("mirrored: %s", text(p))
		}
	}
	if s.Result == nil || string(s.Result.Raw) != `{"left":7}` {
		t.Errorf("result %s", text(s.Result))
	}
	if x := explained(t, id, v1alpha1.ReasonNonZeroExit); !strings.Contains(x.Sentence, "of index 1 ended with exit code 7") {
		t.Errorf("explained: %s", text(x))
	}
}

// A run that is suspended for longer than its timeout waits, starts again when it is resumed, and completes.
func TestCase25SuspendedMidRun(t *testing.T) {
	t.Parallel()
	task := patientTaskOf(`echo begun; trap "exit 143" TERM; i=0; while [ $i -lt 20 ]; do sleep 1; i=$((i+1)); done`)
	task.Spec.Timeout = timeout(40 * time.Second) // a busy machine needs part of it to suspend the Job
	id := execute(t, given(t, task), nil)
	printed(t, id, "begun")
	job := resource(t, id).Status.Job.Name
	kubectl(t, "", "patch", "job", job, "--type=merge", "-p", `{"spec":{"suspend":true}}`)
	eventually(t, "it waits", func() (bool, string) {
		e := status(t, id)
		return e.Phase == "Queued" && e.Reason == v1alpha1.ReasonJobSuspended && len(podsOf(t, string(resource(t, id).UID))) == 0, text(e)
	})
	explained(t, id, v1alpha1.ReasonJobSuspended)
	over := time.Now().Add(42 * time.Second)
	eventually(t, "its timeout would have struck", func() (bool, string) { return time.Now().After(over), "" })
	if e := status(t, id); e.Phase != "Queued" {
		t.Fatalf("got %s", text(e))
	}
	kubectl(t, "", "patch", "job", job, "--type=merge", "-p", `{"spec":{"suspend":false}}`)
	e := polled(t, id)
	s := resource(t, id).Status
	if e.Status != "completed" || e.Attempts != 2 || s.Disruptions != 1 || s.Suspension == nil || s.Suspension.Total.Duration < 40*time.Second {
		t.Errorf("got %s, status %s", text(e), text(s))
	}
}
