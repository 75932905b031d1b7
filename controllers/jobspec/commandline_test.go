// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package jobspec

import (
	"errors"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
)

func TestCase58NoParamInACommandLine(t *testing.T) {
	const first = "spec.jobTemplate.spec.template.spec.containers[0]."
	exec := func(words ...string) *corev1.Probe {
		return &corev1.Probe{ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: words}}}
	}
	cases := map[string]struct {
		container corev1.Container
		field     string // empty if it is accepted
		reference string
	}{
		"a shell that reads the variable":   {corev1.Container{Command: []string{"sh", "-c", `echo "$TASK_PARAM_HOST" ${TASK_PARAM_HOST}`}}, "", ""},
		"a shell's own substitution":        {corev1.Container{Command: []string{"sh", "-c", `x=$(cat /etc/hostname)`}}, "", ""},
		"an escaped reference":              {corev1.Container{Args: []string{"$$(TASK_PARAM_HOST)"}}, "", ""},
		"the name of the task":              {corev1.Container{Args: []string{"$(TASK_NAME)", "$(TASK_EXECUTION_ID)"}}, "", ""},
		"a reference that is not closed":    {corev1.Container{Args: []string{"$(TASK_PARAM_HOST"}}, "", ""},
		"in a variable that is not used":    {corev1.Container{Env: []corev1.EnvVar{{Name: "HOST", Value: "$(TASK_PARAM_HOST)"}}, Args: []string{"$(OTHER)"}}, "", ""},
		"in a command":                      {corev1.Container{Command: []string{"sh", "-c", "echo $(TASK_PARAM_HOST)"}}, first + "command[2]", "$(TASK_PARAM_HOST)"},
		"in args":                           {corev1.Container{Args: []string{"--all=$(TASK_PARAMS)"}}, first + "args[0]", "$(TASK_PARAMS)"},
		"after a dollar that is escaped":    {corev1.Container{Args: []string{"$$$(TASK_PARAMS)"}}, first + "args[0]", "$(TASK_PARAMS)"},
		"in a probe":                        {corev1.Container{ReadinessProbe: exec("sh", "$(TASK_PARAM_A)")}, first + "readinessProbe.exec.command[1]", "$(TASK_PARAM_A)"},
		"through a variable":                {corev1.Container{Env: []corev1.EnvVar{{Name: "HOST", Value: "h=$(TASK_PARAM_HOST)"}}, Args: []string{"$(HOST)"}}, first + "args[0]", "$(HOST)"},
		"in the path of a mount":            {corev1.Container{VolumeMounts: []corev1.VolumeMount{{SubPath: "$(TASK_PARAM_A)"}, {SubPathExpr: "of/$(TASK_PARAM_A)"}}}, first + "volumeMounts[1].subPathExpr", "$(TASK_PARAM_A)"},
		"in a path, the execution's id":     {corev1.Container{VolumeMounts: []corev1.VolumeMount{{SubPathExpr: "$(TASK_EXECUTION_ID)"}}}, "", ""},
		"in a hook, which expands nothing":  {corev1.Container{Lifecycle: &corev1.Lifecycle{PostStart: &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"$(TASK_PARAM_A)"}}}}}, "", ""},
		"by envFrom, which brings no param": {corev1.Container{EnvFrom: []corev1.EnvFromSource{{Prefix: "TASK_"}}, Args: []string{"$(TASK_HOST)"}}, "", ""},
		"through a variable of a variable":  {corev1.Container{Env: []corev1.EnvVar{{Name: "A", Value: "$(TASK_PARAMS)"}, {Name: "B", Value: "$(A)"}}, Args: []string{"$(B)"}}, first + "args[0]", "$(B)"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			c.container.Name = "main"
			task := aTask().Job(func(job *batchv1.JobTemplateSpec) {
				job.Spec.Template.Spec.Containers = []corev1.Container{c.container}
			})
			_, err := Build(task.Obj(), anExecution().Obj(), []byte(`{}`))
			var refused *CommandLineError
			switch {
			case c.field == "":
				if err != nil {
					t.Errorf("refused: %v", err)
				}
			case !errors.As(err, &refused):
				t.Errorf("got %v, want a CommandLineError", err)
			case refused.Field != c.field || refused.Reference != c.reference:
				t.Errorf("got %s at %s, want %s at %s", refused.Reference, refused.Field, c.reference, c.field)
			}
			task.Spec.AllowParamsInCommand = true
			if _, err := Build(task.Obj(), anExecution().Obj(), []byte(`{}`)); err != nil {
				t.Errorf("refused although the Task allows it: %v", err)
			}
		})
	}
}

func TestCase58InitContainersAreCheckedToo(t *testing.T) {
	task := aTask().Job(func(job *batchv1.JobTemplateSpec) {
		job.Spec.Template.Spec.InitContainers = []corev1.Container{{Name: "first", Args: []string{"$(TASK_PARAM_A)"}}}
	})
	_, err := Build(task.Obj(), anExecution().Obj(), []byte(`{}`))
	var refused *CommandLineError
	if !errors.As(err, &refused) || refused.Field != "spec.jobTemplate.spec.template.spec.initContainers[0].args[0]" {
		t.Errorf("got %v", err)
	}
}

// references finds exactly what the kubelet would expand.
func FuzzReferences(f *testing.F) {
	for _, seed := range []string{"", "$", "$(", "$()", "$$(A)", "$$$(A)", "$(A)$(B)", "a$b(c)$(d", "$($(A))"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		known := map[string]string{}
		for _, name := range references(text) {
			known[name] = ""
		}
		// expand asks only for the names that references found.
		asked := 0
		expandWith(text, func(name string) string {
			asked++
			if _, ok := known[name]; !ok {
				t.Errorf("%q refers to %q, which was not found", text, name)
			}
			return ""
		})
		if asked != len(references(text)) {
			t.Errorf("%q has %d references, found %d", text, asked, len(references(text)))
		}
	})
}
