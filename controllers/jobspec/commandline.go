// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package jobspec

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// CommandLineError says that a template makes a parameter part of a command line, or of a mounted path. A shell there
// would run a parameter such as "; rm -rf /", and a path could lead into somebody else's folder.
type CommandLineError struct {
	// Field is the field of the Task, such as spec.jobTemplate.spec.template.spec.containers[0].args[1].
	Field string
	// Reference is the reference in the field, such as $(TASK_PARAM_HOST).
	Reference string
	// Path means that the field is the path of a mount.
	Path bool
}

func (e *CommandLineError) Error() string {
	if e.Path {
		return fmt.Sprintf("%s has %s: Kubernetes puts the parameter into the path, so that whoever runs the task chooses which folder of the volume it has. "+
			"Leave it out, or set spec.allowParamsInCommand: true", e.Field, e.Reference)
	}
	return fmt.Sprintf("%s has %s: Kubernetes puts the parameter into the command line, where a shell runs what it contains. "+
		"Read the variable in the program or the script instead (\"$TASK_PARAM_...\" with quotes), or set spec.allowParamsInCommand: true",
		e.Field, e.Reference)
}

// checkCommandLines returns a *CommandLineError for the first command, args, exec probe or subPathExpr that refers to a
// parameter by Kubernetes' own $(NAME), directly or through variables of the template. It returns nil if the Task
// allows that.
func checkCommandLines(task *v1alpha1.Task) error {
	if task.Spec.AllowParamsInCommand {
		return nil
	}
	pod := &task.Spec.JobTemplate.Spec.Template.Spec
	lists := []struct {
		field      string
		containers []corev1.Container
	}{
		{"initContainers", pod.InitContainers},
		{"containers", pod.Containers},
	}
	for _, list := range lists {
		for i := range list.containers {
			field := fmt.Sprintf("spec.jobTemplate.spec.template.spec.%s[%d]", list.field, i)
			if err := checkContainer(field, &list.containers[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkContainer checks the fields in which the kubelet expands $(NAME): the command, its args, exec probes, and
// subPathExpr of mounts. The kubelet expands nothing in lifecycle hooks, in HTTP probes, and in variables from envFrom.
// A Job's template has no ephemeral containers.
func checkContainer(field string, c *corev1.Container) error {
	carriers := carriersOfParams(c.Env)
	commands := []command{{"command", c.Command}, {"args", c.Args}}
	commands = append(commands, probed("livenessProbe", c.LivenessProbe)...)
	commands = append(commands, probed("readinessProbe", c.ReadinessProbe)...)
	commands = append(commands, probed("startupProbe", c.StartupProbe)...)
	for _, command := range commands {
		for i, word := range command.words {
			for _, name := range references(word) {
				if carriers(name) {
					return &CommandLineError{Field: fmt.Sprintf("%s.%s[%d]", field, command.field, i), Reference: "$(" + name + ")"}
				}
			}
		}
	}
	for i := range c.VolumeMounts {
		for _, name := range references(c.VolumeMounts[i].SubPathExpr) {
			if carriers(name) {
				return &CommandLineError{Field: fmt.Sprintf("%s.volumeMounts[%d].subPathExpr", field, i), Reference: "$(" + name + ")", Path: true}
			}
		}
	}
	return nil
}

// command is a list of words that is run as a process.
type command struct {
	field string
	words []string
}

func probed(field string, probe *corev1.Probe) []command {
	if probe == nil || probe.Exec == nil {
		return nil
	}
	return []command{{field + ".exec.command", probe.Exec.Command}}
}

// carriersOfParams returns the variables with a parameter in their value: ours, and those of the template that refer to
// one of them. A variable can refer only to earlier ones.
func carriersOfParams(env []corev1.EnvVar) func(name string) bool {
	theirs := map[string]bool{}
	carries := func(name string) bool {
		return theirs[name] || name == EnvParams || strings.HasPrefix(name, EnvParamPrefix)
	}
	for i := range env {
		for _, name := range references(env[i].Value) {
			if carries(name) {
				theirs[env[i].Name] = true
			}
		}
	}
	return carries
}

// references returns the names in $(NAME), as Kubernetes parses them: $$ is a plain dollar.
func references(text string) (names []string) {
	for i := 0; i+1 < len(text); i++ {
		if text[i] != '$' {
			continue
		}
		i++ // the character after a dollar is consumed, unless it opens a name
		if text[i] != '(' {
			continue
		}
		length := strings.IndexByte(text[i+1:], ')')
		if length < 0 {
			continue
		}
		names = append(names, text[i+1:i+1+length])
		i += length + 1
	}
	return names
}
