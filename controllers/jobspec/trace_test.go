// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package jobspec

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// A trace reaches the Job, its pods and its containers. An invalid trace reaches nothing and breaks nothing.
func TestTrace(t *testing.T) {
	const valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	for _, c := range []struct{ name, value, want string }{
		{"none", "", ""},
		{"valid", valid, valid},
		{"not sampled", strings.TrimSuffix(valid, "01") + "00", strings.TrimSuffix(valid, "01") + "00"},
		{"no trace id", "00-00000000000000000000000000000000-00f067aa0ba902b7-01", ""},
		{"no parent id", "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", ""},
		{"another version", "ff" + valid[2:], ""},
		{"upper case", strings.ToUpper(valid), ""},
		{"more", valid + "-x", ""},
		{"a line more", valid + "\n", ""},
		{"a line before", "\n" + valid, ""},
		{"an expansion", "$(TASK_PARAMS)", ""},
		{"huge", strings.Repeat("a", 200<<10), ""},
		{"no text", "\x00\xff", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			task, execution := aTask().Obj(), anExecution().Obj()
			task.Spec.JobTemplate.Annotations = map[string]string{v1alpha1.AnnotationTraceparent: "of the template"}
			task.Spec.JobTemplate.Spec.Template.Spec.InitContainers = []corev1.Container{{Name: "before", Image: "x"}}
			task.Spec.JobTemplate.Spec.Template.Spec.Containers[0].Env = []corev1.EnvVar{{Name: "OWN", Value: "1"}}
			if c.value != "" {
				execution.Annotations = map[string]string{v1alpha1.AnnotationTraceparent: c.value}
			}
			job, err := Build(task, execution, []byte(`{}`))
			if err != nil {
				t.Fatal(err)
			}
			if got := job.Annotations[v1alpha1.AnnotationTraceparent]; got != c.want {
				t.Errorf("the Job has %.80q, want %q", got, c.want)
			}
			if got := job.Spec.Template.Annotations[v1alpha1.AnnotationTraceparent]; got != c.want {
				t.Errorf("its pods have %.80q, want %q", got, c.want)
			}
			pod := job.Spec.Template.Spec
			for _, container := range append(pod.InitContainers, pod.Containers...) {
				got := ""
				for _, e := range container.Env {
					if e.Name == EnvTraceparent {
						got += e.Value
					}
				}
				if got != c.want {
					t.Errorf("the container %s has %.80q, want %q", container.Name, got, c.want)
				}
			}
		})
	}
}
