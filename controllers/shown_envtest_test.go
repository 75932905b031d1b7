// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// Short columns come first, so that a long name pushes nothing out of sight. Runs, schedules and Tasks can be selected
// by fields.
func TestCase35ColumnsAndSelectors(t *testing.T) {
	namespace := namespace(t)
	long := strings.Repeat("long-", 40) + "name"
	run := func(name, task string, source v1alpha1.TriggerSource, phase v1alpha1.Phase, reason string) {
		e := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
		e.Spec.TaskRef.Name, e.Spec.Trigger.Source = task, source
		create(t, e)
		patchStatus(t, e, func() {
			e.Status.Phase, e.Status.Reason, e.Status.Message = phase, reason, strings.Repeat("word ", 30)
		})
	}
	run("a", "sync", v1alpha1.TriggerAPI, v1alpha1.PhaseRunning, "Running")
	run("b", long, v1alpha1.TriggerSchedule, v1alpha1.PhaseFailed, "OOMKilled")
	run("c", "sync", v1alpha1.TriggerKubectl, v1alpha1.PhaseFailed, "NonZeroExit")
	task, other := newTask(namespace), newTask(namespace)
	task.Name, other.Name, other.Spec.Suspended = "sync", "other", true
	create(t, task)
	create(t, other)
	for name, of := range map[string]string{"nightly": "sync", "hourly": long} {
		s := &v1alpha1.TaskSchedule{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
		s.Spec.TaskRef.Name, s.Spec.Schedule = of, "0 3 * * *"
		create(t, s)
	}
	for selector, want := range map[string]string{
		"te spec.taskRef.name=sync":                      "a c",
		"te spec.taskRef.name=sync,status.phase=Running": "a",
		"te spec.taskRef.name=" + long:                   "b",
		"te status.phase=Failed":                         "b c",
		"te status.phase!=Failed":                        "a",
		"te status.reason=OOMKilled":                     "b",
		"te spec.trigger.source=kubectl":                 "c",
		"te spec.trigger.source=schedule":                "b",
		"tsch spec.taskRef.name=sync":                    "nightly",
		"tasks spec.suspended=true":                      "other",
	} {
		kind, fields, _ := strings.Cut(selector, " ")
		names := strings.Fields(shownBy(t, "-n", namespace, "get", kind, "--field-selector="+fields, "-o", "jsonpath={.items[*].metadata.name}"))
		slices.Sort(names)
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s selects %q, want %q", selector, got, want)
		}
	}
	for args, columns := range map[string][]string{
		"te":            {"NAME", "STATUS", "REASON", "DURATION", "AGE", "ATTEMPTS", "TRIGGER", "TASK", "ORIGIN"},
		"te -o wide":    {"NAME", "STATUS", "REASON", "DURATION", "AGE", "ATTEMPTS", "EXIT", "TRIGGER", "TASK", "ORIGIN", "MESSAGE"},
		"tsch":          {"NAME", "SCHEDULE", "SUSPEND", "READY", "LAST", "NEXT", "AGE", "TASK"},
		"tsch -o wide":  {"NAME", "SCHEDULE", "ZONE", "SUSPEND", "READY", "REASON", "LAST", "NEXT", "AGE", "TASK", "EXECUTION"},
		"tasks":         {"NAME", "READY", "REASON", "RUNNING", "QUEUED", "LAST", "TIMEOUT", "AGE"},
		"tasks -o wide": {"NAME", "READY", "REASON", "RUNNING", "QUEUED", "LAST", "TIMEOUT", "AGE", "COMPLETED", "FAILED", "P95", "DESCRIPTION"},
	} {
		table := shownBy(t, append([]string{"-n", namespace, "get"}, strings.Fields(args)...)...)
		header, _, _ := strings.Cut(table, "\n")
		if got := strings.Fields(header); !slices.Equal(got, columns) {
			t.Errorf("kubectl get %s has the columns %v, want %v", args, got, columns)
		}
		t.Logf("kubectl get %s\n%s", args, table)
		if begins := strings.Index(header+" ", " TASK "); begins > 0 && begins >= 80 {
			t.Errorf("kubectl get %s: the Task begins at column %d", args, begins)
		}
	}
}
