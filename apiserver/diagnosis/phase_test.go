// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestNotSeen(t *testing.T) {
	just := func(o *observed) { o.Execution.CreationTimestamp = ago(time.Second) }
	ask(t, notSeen, map[string]asked{
		"seen":          {run(v1alpha1.PhasePending, "", ""), silent},
		"just recorded": {run("", "", "").with(just), says{ReasonNotSeen, "just created", ""}},
		"a minute old":  {run("", "", ""), says{ReasonNotSeen, "created 1m0s ago", "the controller is running"}},
	})
}

func TestStarting(t *testing.T) {
	pending := func(message string) *observed {
		return run(v1alpha1.PhasePending, v1alpha1.ReasonJobCreated, message)
	}
	ask(t, starting, map[string]asked{
		"it runs":                     {run(v1alpha1.PhaseRunning, "", ""), silent},
		"a node has it":               {pending("").job(nil).pod("n", waiting("ContainerCreating", "")), says{ReasonStarting, `the node "n" has its pod`, ""}},
		"it waits for a node":         {pending("").job(nil).pod("", corev1.ContainerState{}), says{ReasonStarting, "waits to be scheduled", ""}},
		"the Job has no pod yet":      {pending("").job(nil), says{ReasonStarting, "its Job exists.", ""}},
		"there is no Job yet":         {pending(""), says{ReasonStarting, "its Job is about to be created.", ""}},
		"the status knows what it is": {pending("Unschedulable: full").job(nil), says{ReasonStarting, "It has not started yet: Unschedulable: full.", ""}},
	})
}

func TestRetrying(t *testing.T) {
	const reason = v1alpha1.ReasonRetrying
	again := func() *observed {
		return run(v1alpha1.PhaseRunning, reason, "attempt 1 failed; the Job makes another").with(func(o *observed) {
			o.Execution.Status.Pods = []v1alpha1.PodMirror{{Name: "p", ExitCode: ptr.To[int32](7)}}
		})
	}
	no := condition(corev1.PodScheduled, corev1.ConditionFalse, corev1.PodReasonUnschedulable, "full")
	ask(t, retrying, map[string]asked{
		"it runs":         {run(v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted, ""), silent},
		"between the two": {again(), says{reason, "attempt 1 failed; the Job makes another; the last attempt ended with exit code 7.", "/logs"}},
	})
	// What keeps the next attempt from starting explains more.
	if got := Of(again().pod("", corev1.ContainerState{}, no).Observation); got.Reason != ReasonUnschedulable {
		t.Errorf("got %+v", got)
	}
}

func TestCase24RetryOfAnIndex(t *testing.T) {
	again := run(v1alpha1.PhaseRunning, v1alpha1.ReasonRetrying, "1 of 3 completions; index 1: attempt 1 failed; the Job makes another").mirrored(7, 1)
	again.Execution.Status.Pods = append(again.Execution.Status.Pods, v1alpha1.PodMirror{Name: "pod-c", UID: "c", ExitCode: ptr.To[int32](0)})
	ask(t, retrying, map[string]asked{"with its own exit code": {again, says{v1alpha1.ReasonRetrying, "the last attempt ended with exit code 7.", ""}}})
}

func TestRunning(t *testing.T) {
	const reason = v1alpha1.ReasonContainerStarted
	started := func() *observed {
		return run(v1alpha1.PhaseRunning, reason, "").with(func(o *observed) { o.Execution.Status.StartTime = ptr.To(ago(10 * time.Second)) })
	}
	limits := func(text string) func(*batchv1.Job) {
		return func(j *batchv1.Job) { j.Annotations = map[string]string{v1alpha1.AnnotationLimits: text} }
	}
	again := func(o *observed) { o.Execution.Status.Attempts = 2 }
	ask(t, running, map[string]asked{
		"it waits":         {run(v1alpha1.PhasePending, "", ""), silent},
		"on a node":        {started().pod("n", runs()), says{reason, `It has been running for 10s on node "n".`, ""}},
		"a second attempt": {started().with(again), says{reason, "running for 10s, on attempt 2.", ""}},
		"with a timeout":   {started().job(limits(`{"timeout":"30s","container":"main","maxEntries":100,"maxBytes":16384}`)), says{reason, "; its timeout of 30s ends it at 2025-11-25T11:05:20Z.", ""}},
		"damaged limits":   {started().job(limits("{")), says{reason, "running for 10s.", ""}},
		"without a start":  {run(v1alpha1.PhaseRunning, reason, ""), says{reason, "It runs.", ""}},
	})
}

func TestCompleted(t *testing.T) {
	timed := func(o *observed) {
		o.Execution.Status.StartTime, o.Execution.Status.CompletionTime = ptr.To(ago(90*time.Second)), ptr.To(ago(0))
		o.Execution.Status.Attempts = 2
	}
	ask(t, completed, map[string]asked{
		"it runs":       {run(v1alpha1.PhaseRunning, "", ""), silent},
		"without times": {run(v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted, ""), says{v1alpha1.ReasonCompleted, "It completed.", ""}},
		"with times":    {run(v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted, "").with(timed), says{v1alpha1.ReasonCompleted, "It completed at 2025-11-25T11:05:00Z after 1m30s, on attempt 2.", ""}},
	})
}

func TestFailed(t *testing.T) {
	job := func(j *batchv1.Job) {
		j.Status.Conditions = []batchv1.JobCondition{{Type: batchv1.JobFailed, Status: corev1.ConditionTrue, Reason: "PodFailurePolicy", Message: "rule 1"}}
	}
	of := func(message string) *observed { return run(v1alpha1.PhaseFailed, v1alpha1.ReasonJobFailed, message) }
	ask(t, failed, map[string]asked{
		"it runs":            {run(v1alpha1.PhaseRunning, "", ""), silent},
		"the status says":    {of("PodFailurePolicy: rule 2"), says{v1alpha1.ReasonJobFailed, "It failed: PodFailurePolicy: rule 2.", ""}},
		"only the Job says":  {of("").job(job), says{v1alpha1.ReasonJobFailed, "It failed: PodFailurePolicy: rule 1.", ""}},
		"nobody says":        {of(""), says{v1alpha1.ReasonJobFailed, "It failed.", ""}},
		"a reason to come":   {run(v1alpha1.PhaseFailed, "Unheard", "of"), says{"Unheard", "It failed: of.", ""}},
		"the Job is no help": {of("").job(nil), says{v1alpha1.ReasonJobFailed, "It failed.", ""}},
	})
}
