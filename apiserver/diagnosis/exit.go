// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/phrases"
)

// meanings maps exit codes to their conventional meanings. Shells return 126 and 127. A higher code is 128 plus the
// number of a signal.
var meanings = map[int32]struct{ words, advice *phrases.Phrase }{
	126: {exitNotExecuted, adviseExecutable},
	127: {exitNotFound, adviseInImage},
	128: {exitNoContainer, adviseCreated},
	134: {exitAborted, nil},
	137: {exitSIGKILL, adviseSIGKILL},
	139: {exitCrashed, nil},
	143: {exitTerminated, adviseSIGTERMed},
}

// exitCode says with which exit code the program ended, and what that means by convention.
func exitCode(o *Observation) (verdict, bool) {
	if !o.hasFailed(v1alpha1.ReasonNonZeroExit) {
		return verdict{}, false
	}
	status := &o.Execution.Status
	advice := adviseLog.With(o.Execution.Name)
	if status.ExitCode == nil {
		return verdict{v1alpha1.ReasonNonZeroExit, sayFailed.With(because(status.Message)), advice}, true
	}
	container, meaning := none, none
	if pod := o.decidingPod(); pod != nil {
		if s := failedContainer(pod); s != nil {
			container = clauseName.With(s.Name)
			if neverRan(s.State.Terminated) {
				return notStarted(o, s), true
			}
		}
	}
	if m, known := meanings[*status.ExitCode]; known {
		meaning = m.words.With()
		if m.advice != nil {
			advice = also(m.advice.With(), advice)
		}
	}
	return verdict{v1alpha1.ReasonNonZeroExit, sayExited.With(container, o.ofIndex(), *status.ExitCode, meaning, o.tries(clauseAttempts)), advice}, true
}

// neverRan reports whether the runtime could not start the program. The reasons are those of the kubelet
// (pkg/kubelet/kuberuntime) and of container runtimes.
func neverRan(t *corev1.ContainerStateTerminated) bool {
	return t.Reason == "StartError" || t.Reason == "ContainerCannotRun"
}

// notStarted quotes the runtime. Its message may have the command line, which may have sensitive params.
func notStarted(o *Observation, s *corev1.ContainerStatus) verdict {
	why := phrases.Clause(s.State.Terminated.Message)
	if o.sensitive() {
		why = sayNotShown.With()
	}
	return verdict{v1alpha1.ReasonNonZeroExit, sayNotStarted.With(s.Name, s.State.Terminated.ExitCode, becauseOf(why)), adviseCommand.With()}
}

// outOfMemory says which container reached its memory limit.
func outOfMemory(o *Observation) (verdict, bool) {
	if !o.hasFailed(v1alpha1.ReasonOOMKilled) {
		return verdict{}, false
	}
	limit, container := none, none
	if pod := o.decidingPod(); pod != nil {
		if s := failedContainer(pod); s != nil {
			container = clauseName.With(s.Name)
			if c := containerOf(pod, s.Name); c != nil {
				limit = memoryLimit(c)
			}
		}
	}
	if container.IsZero() && o.Task != nil && len(o.Task.Spec.JobTemplate.Spec.Template.Spec.Containers) == 1 {
		c := &o.Task.Spec.JobTemplate.Spec.Template.Spec.Containers[0]
		container, limit = clauseName.With(c.Name), memoryLimit(c)
	}
	if code := o.Execution.Status.ExitCode; code != nil && *code != exitKilled {
		return verdict{
			v1alpha1.ReasonOOMKilled,
			sayChildOverMemory.With(*code, container, o.ofIndex(), limit, onNode(o.nodeOf())),
			adviseMemory.With(),
		}, true
	}
	return verdict{
		v1alpha1.ReasonOOMKilled,
		sayOverMemory.With(container, o.ofIndex(), limit, onNode(o.nodeOf())),
		adviseMemory.With(),
	}, true
}

// exitKilled is the exit code of a program that SIGKILL ended: 128 plus the signal's number.
const exitKilled = 137

// killedQuietly reports whether a process reached the memory limit and was killed in a container that ended with exit
// code 0.
func killedQuietly(o *Observation) bool {
	for i := range o.Execution.Status.Pods {
		if m := &o.Execution.Status.Pods[i]; m.Reason == v1alpha1.ReasonOOMKilled && m.ExitCode != nil && *m.ExitCode == 0 {
			return true
		}
	}
	for i := range o.Pods {
		for _, s := range statusesOf(&o.Pods[i]) {
			if t := s.State.Terminated; t != nil && t.Reason == v1alpha1.ReasonOOMKilled && t.ExitCode == 0 {
				return true
			}
		}
	}
	return false
}

// memoryLimit is a clause with the memory limit of a container, empty if it has none.
func memoryLimit(c *corev1.Container) phrases.Text {
	if limit, has := c.Resources.Limits[corev1.ResourceMemory]; has {
		return clauseLimit.With(limit.String())
	}
	return none
}
