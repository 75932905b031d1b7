// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

// signalled is the smallest exit code of a program that was ended by a signal: 128 plus the signal's number.
const signalled = 129

// NeedsKillEvents returns the pod whose Events should be read to find out who killed its container, or nil. A signal
// ended the container and its Job has failed. Neither we, nor the platform, nor the memory limit was the cause. Only
// Events say that the kubelet killed a container for a probe or a hook. They are read once, before the end is recorded.
func NeedsKillEvents(o *Observation) *corev1.Pod {
	if o.Job == nil || o.Execution.Status.Phase.IsTerminal() || jobspec.TrueCondition(o.Job, batchv1.JobFailed) == nil {
		return nil
	}
	f := gather(o)
	if f.last == nil || !podEnded(f.last) {
		return nil
	}
	c := jobspec.Decisive(f.last, f.snapshot.Container)
	if c == nil || c.State.Terminated.ExitCode < signalled {
		return nil
	}
	if v := failure(o, f); v.reason != v1alpha1.ReasonNonZeroExit {
		return nil
	}
	return f.last
}

// KillCause returns from a pod's Events the probe or hook for which the kubelet killed a container, or empty. For a run
// with sensitive params it leaves out the program's answer to a probe and the command of a hook.
func KillCause(events []Event, sensitive bool) string {
	newest := slices.Clone(events)
	slices.SortStableFunc(newest, func(a, b Event) int { return cmp.Or(b.At.Compare(a.At), strings.Compare(a.Message, b.Message)) })
	answer := ""
	if at := slices.IndexFunc(newest, func(e Event) bool { return e.Reason == "Unhealthy" }); at >= 0 && !sensitive {
		answer = newest[at].Message
	}
	for _, e := range newest {
		switch {
		case e.Reason == "FailedPostStartHook" && sensitive:
			return "its postStart hook failed"
		case e.Reason == "FailedPostStartHook":
			return "its postStart hook failed" + afterColon(e.Message)
		case e.Reason != "Killing":
		case strings.Contains(e.Message, "failed liveness probe"):
			return "its liveness probe failed" + afterColon(answer)
		case strings.Contains(e.Message, "failed startup probe"):
			return "its startup probe failed" + afterColon(answer)
		}
	}
	return ""
}

// killedByProbe describes a failure because the kubelet killed a container for a probe or a hook.
func killedByProbe(o *Observation, name string, t *corev1.ContainerStateTerminated) (message string, is bool) {
	if o.KillCause == "" {
		return "", false
	}
	return fmt.Sprintf("the kubelet killed container %q, which ended with exit code %d, because %s", name, t.ExitCode, o.KillCause), true
}
