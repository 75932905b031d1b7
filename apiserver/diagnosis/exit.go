// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// meanings maps exit codes to their conventional meanings. Shells return 126 and 127. A higher code is 128 plus the
// number of a signal.
var meanings = map[int32]struct{ words, advice string }{
	126: {"the command could not be executed", "Check that the command in the Task's jobTemplate is an executable program."},
	127: {"the command was not found", "Check that the command in the Task's jobTemplate is in the image."},
	128: {"the container could not be started", "Check the command and the image in the Task's jobTemplate."},
	134: {"it aborted with SIGABRT", ""},
	137: {"it was killed with SIGKILL", "Something killed it, such as a memory limit that a child process reached, or somebody on the node."},
	139: {"it crashed on an invalid memory access, SIGSEGV", ""},
	143: {"it was terminated with SIGTERM", "Something terminated it. The Events of its node may say what."},
}

// exitCode says with which exit code the program ended, and what that means by convention.
func exitCode(o *Observation) (verdict, bool) {
	if !o.hasFailed(v1alpha1.ReasonNonZeroExit) {
		return verdict{}, false
	}
	status := &o.Execution.Status
	advice := fmt.Sprintf("Read its log: GET /tasks/executions/%s/logs.", o.Execution.Name)
	if status.ExitCode == nil {
		return verdict{v1alpha1.ReasonNonZeroExit, "It failed" + because(status.Message) + ".", advice}, true
	}
	container := ""
	if pod := o.decidingPod(); pod != nil {
		if s := failedContainer(pod); s != nil {
			container = fmt.Sprintf(" %q", s.Name)
			if neverRan(s.State.Terminated) {
				return notStarted(o, s), true
			}
		}
	}
	sentence := fmt.Sprintf("It failed because the container%s%s ended with exit code %d", container, o.ofIndex(), *status.ExitCode)
	if m, known := meanings[*status.ExitCode]; known {
		sentence += fmt.Sprintf(" (%s)", m.words)
		if m.advice != "" {
			advice = m.advice + " " + advice
		}
	}
	sentence += o.tries(", on the last of %d attempts")
	return verdict{v1alpha1.ReasonNonZeroExit, sentence + ".", advice}, true
}

// neverRan reports whether the runtime could not start the program. The reasons are those of the kubelet
// (pkg/kubelet/kuberuntime) and of container runtimes.
func neverRan(t *corev1.ContainerStateTerminated) bool {
	return t.Reason == "StartError" || t.Reason == "ContainerCannotRun"
}

// notStarted quotes the runtime. Its message may have the command line, which may have sensitive params.
func notStarted(o *Observation, s *corev1.ContainerStatus) verdict {
	why := s.State.Terminated.Message
	if o.sensitive() {
		why = notShown
	}
	return verdict{
		v1alpha1.ReasonNonZeroExit,
		fmt.Sprintf("It failed because the container %q could not be started (exit code %d)%s.", s.Name, s.State.Terminated.ExitCode, because(why)),
		"Check that the command in the Task's jobTemplate is in the image and is executable.",
	}
}

// outOfMemory says which container reached its memory limit.
func outOfMemory(o *Observation) (verdict, bool) {
	if !o.hasFailed(v1alpha1.ReasonOOMKilled) {
		return verdict{}, false
	}
	limit, container := "", ""
	if pod := o.decidingPod(); pod != nil {
		if s := failedContainer(pod); s != nil {
			container = fmt.Sprintf(" %q", s.Name)
			if c := containerOf(pod, s.Name); c != nil {
				limit = memoryLimit(c)
			}
		}
	}
	if container == "" && o.Task != nil && len(o.Task.Spec.JobTemplate.Spec.Template.Spec.Containers) == 1 {
		c := &o.Task.Spec.JobTemplate.Spec.Template.Spec.Containers[0]
		container, limit = fmt.Sprintf(" %q", c.Name), memoryLimit(c)
	}
	if code := o.Execution.Status.ExitCode; code != nil && *code != exitKilled {
		return verdict{
			v1alpha1.ReasonOOMKilled,
			fmt.Sprintf("It failed with exit code %d after a process of the container%s%s used more memory than the limit%s and was killed%s.", *code, container, o.ofIndex(), limit, onNode(o.nodeOf())),
			memoryAdvice,
		}, true
	}
	return verdict{
		v1alpha1.ReasonOOMKilled,
		fmt.Sprintf("It failed because the container%s%s used more memory than its limit%s and was killed%s.", container, o.ofIndex(), limit, onNode(o.nodeOf())),
		memoryAdvice,
	}, true
}

const (
	memoryAdvice = "Raise resources.limits.memory of the container in the Task's jobTemplate, or make the program use less memory."
	// exitKilled is the exit code of a program that SIGKILL ended: 128 plus the signal's number.
	exitKilled = 137
)

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
func memoryLimit(c *corev1.Container) string {
	if limit, has := c.Resources.Limits[corev1.ResourceMemory]; has {
		return " of " + limit.String()
	}
	return ""
}
