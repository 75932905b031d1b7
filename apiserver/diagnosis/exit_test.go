// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestExitCode(t *testing.T) {
	const reason, log = v1alpha1.ReasonNonZeroExit, "GET /tasks/executions/run/logs"
	of := func(code int32) *observed { return run(v1alpha1.PhaseFailed, reason, "").exit(code) }
	const noSuch = `exec: "hunter2": executable file not found in $PATH`
	sidecar := func(p *corev1.Pod) {
		p.Spec.InitContainers = []corev1.Container{{Name: "proxy", RestartPolicy: ptr.To(corev1.ContainerRestartPolicyAlways)}}
		p.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "proxy", State: terminated(143, "Error", "")}}
	}
	first := func(p *corev1.Pod) { // another container failed too, and is listed first
		p.Annotations = map[string]string{v1alpha1.AnnotationLogContainer: "main"}
		p.Status.ContainerStatuses = append([]corev1.ContainerStatus{{Name: "helper", State: terminated(2, "Error", "")}}, p.Status.ContainerStatuses...)
	}
	ask(t, exitCode, map[string]asked{
		"it runs":                    {run(v1alpha1.PhaseRunning, reason, ""), silent},
		"another failure":            {run(v1alpha1.PhaseFailed, v1alpha1.ReasonEvicted, ""), silent},
		"an ordinary code":           {of(3).pod("n", terminated(3, "Error", "")), says{reason, `the container "main" ended with exit code 3.`, log}},
		"beside a sidecar":           {of(3).pod("n", terminated(3, "Error", ""), sidecar), says{reason, `the container "main" ended with exit code 3.`, log}},
		"behind another that failed": {of(3).pod("n", terminated(3, "Error", ""), first), says{reason, `the container "main" ended with exit code 3.`, log}},
		"the pod is gone":            {of(3), says{reason, "the container ended with exit code 3.", log}},
		"nothing but the message":    {run(v1alpha1.PhaseFailed, reason, "words."), says{reason, "It failed: words.", log}},
		"the shell found nothing":    {of(127), says{reason, "the command was not found", "is in the image"}},
		"killed":                     {of(137), says{reason, "SIGKILL", "a memory limit that a child process reached"}},
		"several attempts":           {of(1).with(func(o *observed) { o.Execution.Status.Attempts = 3 }), says{reason, "on the last of 3 attempts.", log}},
		"it could not be started":    {of(128).pod("n", terminated(128, "StartError", noSuch)), says{reason, `could not be started (exit code 128): ` + noSuch, "is executable"}},
		"nor with sensitive params":  {of(128).secret().pod("n", terminated(128, "StartError", noSuch)), says{reason, "(exit code 128): " + sayNotShown.With().String(), ""}},
	})
}

func TestOutOfMemory(t *testing.T) {
	limits := corev1.ResourceRequirements{Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("64Mi")}}
	limited := func(p *corev1.Pod) { p.Spec.Containers[0].Resources = limits }
	killed := func() *observed { return run(v1alpha1.PhaseFailed, v1alpha1.ReasonOOMKilled, "") }
	task := func(o *observed) {
		o.Task.Spec.JobTemplate.Spec.Template.Spec.Containers = []corev1.Container{{Name: "job", Resources: limits}}
	}
	const advice = "resources.limits.memory"
	ask(t, outOfMemory, map[string]asked{
		"another failure":  {run(v1alpha1.PhaseFailed, v1alpha1.ReasonNonZeroExit, ""), silent},
		"the pod is there": {killed().pod("n", terminated(137, "OOMKilled", ""), limited), says{v1alpha1.ReasonOOMKilled, `the container "main" used more memory than its limit of 64Mi and was killed on node "n"`, advice}},
		"without a limit":  {killed().pod("n", terminated(137, "OOMKilled", "")), says{v1alpha1.ReasonOOMKilled, "than its limit and was killed", advice}},
		"the pod is gone":  {killed().with(task), says{v1alpha1.ReasonOOMKilled, `the container "job" used more memory than its limit of 64Mi`, advice}},
		"all is gone":      {killed().with(func(o *observed) { o.Task = nil }), says{v1alpha1.ReasonOOMKilled, "because the container used more memory than its limit", advice}},
	})
}

func TestCase27ExplainWarnsOfAChildOutOfMemory(t *testing.T) {
	const warning = `a process of container "main" was killed for using more memory than its limit, and the container ended with exit code 0`
	done := func() *observed { return run(v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted, warning) }
	mirrored := func(o *observed) {
		o.Execution.Status.Pods = []v1alpha1.PodMirror{{Name: "p", Reason: "OOMKilled", ExitCode: ptr.To[int32](0)}}
	}
	ask(t, completed, map[string]asked{
		"the pod is there": {done().pod("n", terminated(0, "OOMKilled", "")), says{v1alpha1.ReasonCompleted, "It completed: " + warning + ".", "resources.limits.memory"}},
		"the pod is gone":  {done().with(mirrored), says{v1alpha1.ReasonCompleted, warning, "resources.limits.memory"}},
		"another note":     {run(v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted, "the result has 4096 bytes"), says{v1alpha1.ReasonCompleted, "It completed: the result has 4096 bytes.", ""}},
	})
	failed := func(code int32) *observed { return run(v1alpha1.PhaseFailed, v1alpha1.ReasonOOMKilled, "").exit(code) }
	ask(t, outOfMemory, map[string]asked{
		"the program itself": {failed(137).pod("n", terminated(137, "OOMKilled", "")), says{v1alpha1.ReasonOOMKilled, "and was killed on node", "resources.limits.memory"}},
		"a child of it":      {failed(3).pod("n", terminated(3, "OOMKilled", "")), says{v1alpha1.ReasonOOMKilled, "exit code 3 after a process of the container", "resources.limits.memory"}},
	})
}
