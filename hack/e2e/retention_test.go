// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// The Job and the pod of a run are deleted a minute after its log was archived. The execution and its complete log
// stay.
func TestLogOutlivesItsJob(t *testing.T) {
	t.Parallel() // it mostly waits
	task := taskOf(`echo '{"rows":42}' > /dev/termination-log; seq 1 300`)
	name := given(t, task)
	id := execute(t, name, nil)
	polled(t, id)
	eventually(t, "there is a last word on the log", func() (bool, string) {
		e := resource(t, id)
		return e.Status.LogSummary != nil && e.Status.LogSummary.Complete, text(e.Status.Conditions)
	})
	e := resource(t, id)
	if !e.Status.LogSummary.Archived {
		t.Skip("there is no archive here")
	}
	leavesNothing(t, string(e.UID))
	after := resource(t, id)
	if after.Status.Phase != v1alpha1.PhaseCompleted || after.Status.Result == nil || len(after.Status.Pods) != 1 {
		t.Errorf("the record is %s", text(after.Status))
	}
	eventually(t, "the Task tells of the run", func() (bool, string) {
		read(t, task)
		s := task.Status
		return s.Totals.Completed == 1 && s.LastExecution != nil && s.LastExecution.Name == id && s.Durations != nil, text(s)
	})
	if got := call(t, "GET", "/tasks/executions/"+id+"/logs?limit=1000", nil).text(); !strings.Contains(got, `"300"`) || !strings.Contains(got, `"complete":true`) {
		t.Errorf("the log without its pod: %.300s", got)
	}
}

// Each change of a Task runs it once, on a real node.
func TestRunOnChange(t *testing.T) {
	t.Parallel()
	task := taskOf(`echo changed`)
	task.Annotations = map[string]string{v1alpha1.AnnotationRunOnChange: "true"}
	given(t, task)
	ran := func(generation int64) {
		t.Helper()
		eventually(t, "the change ran", func() (bool, string) {
			read(t, task)
			c := task.Status.Change
			if c == nil || c.Generation != generation || c.Execution == "" {
				return false, text(task.Status)
			}
			return resource(t, c.Execution).Status.Phase == v1alpha1.PhaseCompleted, c.Execution
		})
	}
	ran(1)
	before := task.DeepCopy()
	task.Spec.Description = "changed"
	if err := kube.Patch(t.Context(), task, client.MergeFrom(before)); err != nil {
		t.Fatal(err)
	}
	ran(2)
	all := &v1alpha1.TaskExecutionList{}
	if err := kube.List(t.Context(), all, client.InNamespace(corev1.NamespaceDefault)); err != nil {
		t.Fatal(err)
	}
	n := 0
	for i := range all.Items {
		if all.Items[i].Spec.TaskRef.Name == task.Name {
			n++
		}
	}
	if n != 2 {
		t.Errorf("%d executions of two changes", n)
	}
}
