// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package jobspec

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// A Job has the params in each container: in TASK_PARAMS, and again in a variable for each param.
func TestCase31JobThatIsTooLargeIsRefusedInWords(t *testing.T) {
	for name, c := range map[string]struct {
		containers, bytes int
		fits              bool
	}{
		"one with all that is allowed": {1, 100_000, true},
		"nine with little":             {9, 10_000, true},
		"six with all":                 {6, 100_000, true},
		"nine with all":                {9, 100_000, false},
	} {
		t.Run(name, func(t *testing.T) {
			task := aTask().Obj()
			for range c.containers - 1 {
				task.Spec.JobTemplate.Spec.Template.Spec.Containers = append(task.Spec.JobTemplate.Spec.Template.Spec.Containers, corev1.Container{Name: "x", Image: "x"})
			}
			_, err := Build(task, anExecution().Obj(), []byte(`{"data":"`+strings.Repeat("x", c.bytes)+`"}`))
			if (err == nil) != c.fits {
				t.Fatalf("got %v", err)
			}
			if err != nil && !strings.Contains(err.Error(), "each of its 9 containers has the params (100011 bytes of JSON) in its environment") {
				t.Errorf("it says %q", err)
			}
		})
	}
}

// If several params would share a variable, none gets it, even if a run sets only one of them.
func TestCase31NoVariableHasAnotherParamsValue(t *testing.T) {
	task := aTask().Obj()
	task.Spec.Parameters = &apiextensionsv1.JSON{Raw: []byte(`{"properties":{"a-b":{},"a.b":{},"mid":{}}}`)}
	for _, params := range []string{`{"a-b":"1","a.b":"2","mid":3}`, `{"a-b":"1","mid":3}`, `{"A_B":"1","mid":3}`} {
		job, err := Build(task, anExecution().Obj(), []byte(params))
		if err != nil {
			t.Fatal(err)
		}
		seen := inContainer(job.Spec.Template.Spec.Containers[0].Env)
		if value, has := seen["TASK_PARAM_A_B"]; has {
			t.Errorf("%s: TASK_PARAM_A_B is %q", params, value)
		}
		if seen["TASK_PARAM_MID"] != "3" || seen[EnvParams] != params {
			t.Errorf("%s: the container has %v", params, seen)
		}
	}
}
