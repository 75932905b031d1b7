// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/phrases"
)

func TestVolumes(t *testing.T) {
	const words = `MountVolume.SetUp failed for volume "c": configmap "missing" not found`
	pending := func() *observed {
		return run(v1alpha1.PhasePending, v1alpha1.ReasonJobCreated, "").pod("n", waiting("ContainerCreating", ""))
	}
	ask(t, volumes, map[string]asked{
		"nothing is wrong":  {pending().event("Pod", "Scheduled", "x"), silent},
		"it cannot mount":   {pending().event("Pod", "FailedMount", words), says{ReasonVolumesNotReady, `configmap "missing" not found.`, "ConfigMap"}},
		"it cannot attach":  {pending().event("Pod", "FailedAttachVolume", "in use"), says{ReasonVolumesNotReady, "in use.", ""}},
		"it could, at last": {pending().event("Pod", "Pulling", "x").event("Pod", "FailedMount", words), silent},
		"another object's":  {pending().event("Job", "FailedMount", words), silent},
		"it runs":           {run(v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted, "").pod("n", runs()).event("Pod", "FailedMount", words), silent},
	})
}

func TestCase26ExplainNamesTheVolumeOfEachAttempt(t *testing.T) {
	const cause, sum = `MountVolume.SetUp failed for volume "c": configmap "missing" not found`, "Unable to attach or mount volumes: timed out"
	again := func() *observed {
		return run(v1alpha1.PhaseRunning, v1alpha1.ReasonRetrying, "attempt 1 failed").pod("n", waiting("ContainerCreating", ""))
	}
	ask(t, volumes, map[string]asked{
		"of another attempt":   {again().event("Pod", "FailedMount", cause), says{ReasonVolumesNotReady, `configmap "missing" not found.`, "ConfigMap"}},
		"before the sum":       {again().event("Pod", "FailedMount", sum).event("Pod", "FailedMount", cause), says{ReasonVolumesNotReady, `configmap "missing" not found.`, ""}},
		"where the sum is all": {again().event("Pod", "FailedMount", sum).event("Pod", "Scheduled", "x"), says{ReasonVolumesNotReady, sum, ""}},
		"that is mounted again while it runs": {
			run(v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted, "").pod("n", corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}).event("Pod", "FailedMount", cause), silent,
		},
	})
}

func TestNotCreated(t *testing.T) {
	pending := func() *observed { return run(v1alpha1.PhasePending, v1alpha1.ReasonJobCreated, "") }
	const missing = `configmap "settings" not found`
	ask(t, notCreated, map[string]asked{
		"it is on its way":      {pending().pod("n", waiting("PodInitializing", "")), silent},
		"without a word":        {pending().pod("n", waiting("", "")), silent},
		"an image":              {pending().pod("n", waiting("ErrImagePull", "")), silent},
		"it failed before":      {pending().pod("n", waiting("CrashLoopBackOff", "")), silent},
		"its settings":          {pending().pod("n", waiting("CreateContainerConfigError", missing)), says{ReasonContainerNotCreated, `"main" cannot be started on node "n": CreateContainerConfigError: ` + missing + ".", "environment"}},
		"its settings, secret":  {pending().secret().pod("n", waiting("CreateContainerConfigError", missing)), says{ReasonContainerNotCreated, missing, ""}},
		"its command":           {pending().pod("n", waiting("RunContainerError", `exec: "nosuch"`)), says{ReasonContainerNotCreated, `exec: "nosuch".`, ""}},
		"its command, secret":   {pending().secret().pod("n", waiting("RunContainerError", `exec: "hunter2"`)), says{ReasonContainerNotCreated, sayNotShown.With().String(), ""}},
		"it has ended meantime": {run(v1alpha1.PhaseFailed, v1alpha1.ReasonStartTimeout, "").pod("n", waiting("CreateContainerError", "x")), silent},
	})
}

func TestRestarting(t *testing.T) {
	running := func() *observed { return run(v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted, "") }
	before := func(code int32, reason string) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			s := &p.Status.ContainerStatuses[0]
			s.RestartCount, s.LastTerminationState = 4, terminated(code, reason, "")
		}
	}
	loop := waiting("CrashLoopBackOff", "back-off 40s")
	ask(t, restarting, map[string]asked{
		"it runs":          {running().pod("n", runs()), silent},
		"no pod":           {running(), silent},
		"it failed":        {running().pod("n", loop, before(2, "Error")), says{ReasonRestarting, `"main" failed and waits to be restarted, after 4 restarts; last time it ended with exit code 2.`, "/logs"}},
		"for its memory":   {running().pod("n", loop, before(137, "OOMKilled")), says{ReasonRestarting, "more memory than its limit.", ""}},
		"nothing is known": {running().pod("n", loop), says{ReasonRestarting, "after 0 restarts.", ""}},
	})
}

func TestContainerWaiting(t *testing.T) {
	const reason = v1alpha1.ReasonContainerWaiting
	waits := func() *observed { return run(v1alpha1.PhaseRunning, reason, "CreateContainerConfigError: why") }
	ask(t, containerWaiting, map[string]asked{
		"it runs":                     {run(v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted, ""), silent},
		"the pods could not be read":  {waits(), says{reason, "the next one has not started: CreateContainerConfigError: why.", "startTimeout"}},
		"it has ended for this cause": {run(v1alpha1.PhaseFailed, v1alpha1.ReasonStartTimeout, ""), silent},
	})
	// The pod's own status explains more than the condition.
	if got := Of(waits().pod("n", waiting("CreateContainerConfigError", "no such Secret")).Observation); got.Reason != ReasonContainerNotCreated {
		t.Errorf("got %+v", got)
	}
}

func TestCase26ExplainKnowsTheCommandWhenThePodIsGone(t *testing.T) {
	const reason = v1alpha1.ReasonContainerNotStarted
	gone := run(v1alpha1.PhaseFailed, reason, `container "main" could not be started: exec: "no-such": executable file not found in $PATH`).exit(128)
	ask(t, startFailed, map[string]asked{
		"another failure": {run(v1alpha1.PhaseFailed, v1alpha1.ReasonNonZeroExit, "").exit(128), silent},
		"the pod is gone": {gone, says{reason, `before its program ran: container "main" could not be started: exec: "no-such": executable file not found in $PATH.`, "in the image"}},
	})
	if got := Of(gone.Observation); got.Reason != reason || !strings.Contains(got.SentenceIn(phrases.English), "no-such") {
		t.Errorf("got %+v", got)
	}
}
