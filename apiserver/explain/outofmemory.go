package explain

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// outOfMemory names the limit that a container reached.
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
			fmt.Sprintf("It failed with exit code %d after a process of the container%s%s had used more memory than its limit%s and was killed%s.", *code, container, o.ofIndex(), limit, onNode(o.nodeOf())),
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
	memoryAdvice = "Raise resources.limits.memory of the container in the Task's jobTemplate, or have the program use less."
	// exitKilled is the exit code of a program that SIGKILL ended.
	exitKilled = 137
)

// killedQuietly reports whether a process of a run that completed was killed for the memory limit.
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

func memoryLimit(c *corev1.Container) string {
	if limit, has := c.Resources.Limits[corev1.ResourceMemory]; has {
		return " of " + limit.String()
	}
	return ""
}
