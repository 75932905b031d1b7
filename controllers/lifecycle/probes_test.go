// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
)

func TestCase27ContainerKilledForAProbe(t *testing.T) {
	failed := func(changes ...func(*corev1.Pod)) *scene {
		return given().job().pod(changes...).counted(0, 1).jobEnds(batchv1.JobFailed, "BackoffLimitExceeded")
	}
	oom := func(pod *corev1.Pod) { pod.Status.ContainerStatuses[0].State.Terminated.Reason = "OOMKilled" }
	for name, c := range map[string]struct {
		scene *scene
		asks  bool
	}{
		"killed":                 {failed(exited(137)), true},
		"told to end":            {failed(exited(143)), true},
		"by itself":              {failed(exited(1)), false},
		"for its memory":         {failed(exited(137), oom), false},
		"by the platform":        {failed(exited(143), disruptedBy("EvictionByEvictionAPI")), false},
		"by us":                  {failed(exited(143), killed, marked("DeadlineExceeded", time.Second)), false},
		"by the template's time": {failed(exited(143), killed), false},
		"the Job goes on":        {given().job().pod(exited(137)).counted(0, 1), false},
		"no pod is left":         {given().job().counted(0, 1).jobEnds(batchv1.JobFailed, ""), false},
	} {
		if got := NeedsKillEvents(&c.scene.Observation) != nil; got != c.asks {
			t.Errorf("%s: asks %t", name, got)
		}
	}
	probe := failed(exited(137))
	probe.KillCause = "its liveness probe failed: Liveness probe failed: HTTP probe failed with statuscode: 500"
	table{"it says for which": {probe, "Failed/ProbeFailed", `the kubelet killed container "main", which ended with exit code 137, because its liveness probe failed: Liveness probe failed: HTTP`}}.run(t)
}

func TestKilledFor(t *testing.T) {
	killing := Event{At: noon, Reason: "Killing", Message: "Container main failed liveness probe, will be restarted"}
	startup := Event{At: noon, Reason: "Killing", Message: "Container main failed startup probe, will be restarted"}
	answer := Event{At: noon.Add(-time.Second), Reason: "Unhealthy", Message: "Liveness probe failed: no", Warning: true}
	hook := Event{At: noon, Reason: "FailedPostStartHook", Message: "PostStartHook failed", Warning: true}
	for name, c := range map[string]struct {
		events    []Event
		sensitive bool
		want      string
	}{
		"nothing":                       {nil, false, ""},
		"it was deleted":                {[]Event{{Reason: "Killing", Message: "Stopping container main"}}, false, ""},
		"unhealthy, and not killed":     {[]Event{answer}, false, ""},
		"a liveness probe":              {[]Event{answer, killing}, false, "its liveness probe failed: Liveness probe failed: no"},
		"a liveness probe, sensitive":   {[]Event{answer, killing}, true, "its liveness probe failed"},
		"a startup probe":               {[]Event{startup}, false, "its startup probe failed"},
		"a postStart hook":              {[]Event{hook}, false, "its postStart hook failed: PostStartHook failed"},
		"a postStart hook, sensitive":   {[]Event{hook}, true, "its postStart hook failed"},
		"a hook goes with what it says": {[]Event{{Reason: "Killing", Message: "FailedPostStartHook"}, hook}, false, "its postStart hook failed: PostStartHook failed"},
	} {
		if got := KillCause(c.events, c.sensitive); got != c.want {
			t.Errorf("%s: got %q", name, got)
		}
	}
}
