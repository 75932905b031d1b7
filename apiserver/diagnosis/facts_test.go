// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"fmt"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/phrases"
)

// textOf returns an explanation as text, with one line for each fact.
func textOf(x Finding) string {
	text := x.SentenceIn(phrases.English) + "\n" + x.AdviceIn(phrases.English) + "\n"
	for _, f := range x.Facts {
		text += fmt.Sprintf("%s %s: %s\n", f.Source, f.Name, f.TextIn(phrases.English))
	}
	return text
}

func TestFacts(t *testing.T) {
	failing := run(v1alpha1.PhaseFailed, v1alpha1.ReasonNonZeroExit, `container "main" ended with exit code 3`).exit(3)
	status := &failing.Execution.Status
	status.StartTime, status.CompletionTime = ptr.To(ago(10*time.Second)), ptr.To(ago(time.Second))
	status.Task = &v1alpha1.TaskIdentity{UID: "task-uid", Generation: 0}
	status.Logs = []v1alpha1.LogEntry{
		{Level: v1alpha1.LogError, Message: "cannot reach the database"},
		{Level: v1alpha1.LogInfo, Message: "hello"},
		{Level: v1alpha1.LogInfo, Message: "bye"},
		{Level: v1alpha1.LogError, Message: "task failed"},
	}
	failing.Task.Spec.Suspended = true
	failing.Task.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse, Reason: "InvalidJobTemplate", Message: "no containers"}}
	failing.job(func(j *batchv1.Job) {
		j.Spec.BackoffLimit, j.Status.Failed = ptr.To[int32](0), 1
		j.Status.Conditions = []batchv1.JobCondition{{Type: batchv1.JobFailed, Status: corev1.ConditionTrue, Reason: "BackoffLimitExceeded", Message: "Job has reached the specified backoff limit"}}
	}).pod("worker", terminated(3, "Error", "the program's last words"), condition(corev1.DisruptionTarget, corev1.ConditionTrue, "EvictionByEvictionAPI", "drain"), func(p *corev1.Pod) {
		p.Status.ContainerStatuses[0].RestartCount, p.Status.ContainerStatuses[0].LastTerminationState = 1, terminated(2, "Error", "")
	}).event("Pod", "Killing", "Stopping container main")
	failing.Unread = []Unread{{FromEvent, UnreadLate.With()}}
	got := textOf(Of(failing.Observation))
	for _, want := range []string{
		"Facade : objects of kind Event could not be read: Kubernetes did not answer in time",
		`TaskExecution run: its phase is Failed (NonZeroExit): container "main" ended with exit code 3`,
		"TaskExecution run: it ended after 1 attempt",
		"Task sync: it is suspended",
		"Task sync: it cannot be run (InvalidJobTemplate): no containers",
		"Task sync: it has changed since this run started",
		"Job run-job: pods: 0 active, 0 succeeded, 1 failed; its backoffLimit is 0",
		"Job run-job: Failed (BackoffLimitExceeded): Job has reached",
		`Pod run-pod: its phase is Failed on node "worker"`,
		"Pod run-pod: the platform disrupted it (EvictionByEvictionAPI): drain",
		`Pod run-pod: container "main" was restarted 1 time; it last ended with exit code 2 (Error)`,
		`Pod run-pod: container "main" ended with exit code 3 (Error)`,
		"Event of-pod: pod Killing: Stopping container main (3 times)",
		"Log : bye", "Log : cannot reach the database",
	} {
		if !strings.Contains(got, want+"\n") && !strings.Contains(got, want) {
			t.Errorf("the facts lack %q:\n%s", want, got)
		}
	}
	for _, unwanted := range []string{"last words", "task failed", "hello"} {
		if strings.Contains(got, unwanted) {
			t.Errorf("the facts have %q:\n%s", unwanted, got)
		}
	}
}

func TestFactsOfWhatIsGone(t *testing.T) {
	o := run(v1alpha1.PhaseFailed, v1alpha1.ReasonJobLost, "").job(nil)
	o.Job, o.Task = nil, nil
	o.Execution.Status.Pods = []v1alpha1.PodMirror{{Name: "p", Phase: "Failed", Node: "worker", Reason: "Evicted", ExitCode: ptr.To[int32](137), FinishTime: ptr.To(ago(0))}}
	got := textOf(Of(o.Observation))
	for _, want := range []string{"Job run-job: it no longer exists", "Task sync: it does not exist", `Pod p: it has ended or no longer exists; its phase was Failed on node "worker" (Evicted), with exit code 137`} {
		if !strings.Contains(got, want) {
			t.Errorf("the facts lack %q:\n%s", want, got)
		}
	}
	o.Unread = []Unread{{FromJob, phrases.Verbatim("x")}}
	if got := textOf(Of(o.Observation)); strings.Contains(got, "it no longer exists") {
		t.Errorf("a Job that could not be read is said not to exist:\n%s", got)
	}
}
