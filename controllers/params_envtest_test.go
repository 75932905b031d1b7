// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

// containers gives the Task n containers.
func containers(task *v1alpha1.Task, n int) *v1alpha1.Task {
	list := &task.Spec.JobTemplate.Spec.Template.Spec.Containers
	for i := len(*list); i < n; i++ {
		*list = append(*list, corev1.Container{Name: fmt.Sprintf("c%d", i), Image: "busybox:1.37"})
	}
	return task
}

// The largest Job that we allow is accepted by the API server and etcd: few variables with long values, and many short
// ones.
func TestCase31LargestJobIsTakenByTheAPIServer(t *testing.T) {
	ns := namespace(t)
	var many []string
	for i := range 2000 {
		many = append(many, fmt.Sprintf(`"parameter-%d":%q`, i, strings.Repeat("v", 20)))
	}
	for name, params := range map[string]string{
		"long": `{"data":"` + strings.Repeat("x", 100_000) + `"}`,
		"many": `{` + strings.Join(many, ",") + `}`,
	} {
		largest := 0
		for n := 1; n < 40; n++ {
			task := containers(newTask(ns), n)
			e := newExecution(ns)
			e.Name = name
			job, err := jobspec.Build(task, e, []byte(params))
			if err != nil {
				break
			}
			job.OwnerReferences = nil
			job.Name = fmt.Sprintf("%s-%d", name, n)
			if err := kube.Create(t.Context(), job); err != nil {
				t.Fatalf("%s: %d containers, %d bytes: %v", name, n, job.Size(), err)
			}
			largest = n
		}
		if largest < 2 {
			t.Errorf("%s: at most %d containers", name, largest)
		}
		t.Logf("%s: %d containers", name, largest)
	}
}

func TestCase31JobOfNineContainersFailsInWords(t *testing.T) {
	ns := namespace(t)
	operator(t)
	create(t, containers(newTask(ns), 9))
	e := newExecution(ns)
	e.Spec.Params = object(`{"data":"` + strings.Repeat("x", 100_000) + `"}`)
	create(t, e)
	reaches(t, e, v1alpha1.PhaseFailed, v1alpha1.ReasonInvalidParams)
	if !strings.Contains(e.Status.Message, "each of its 9 containers has the params") {
		t.Errorf("it says %q", e.Status.Message)
	}
}

// The API server encodes < in six bytes, which our limits do not count.
func TestCase31ParamsOfHTMLReachTheJob(t *testing.T) {
	ns := namespace(t)
	operator(t)
	create(t, newTask(ns))
	e := newExecution(ns)
	value := strings.Repeat("<", v1alpha1.MaxParamsBytes-len(`{"a":""}`))
	e.Spec.Params = object(`{"a":"` + value + `"}`)
	create(t, e)
	job := jobOf(t, e)
	for _, v := range job.Spec.Template.Spec.Containers[0].Env {
		if v.Name == jobspec.EnvParams && v.Value != `{"a":"`+value+`"}` {
			t.Errorf("TASK_PARAMS has %d bytes", len(v.Value))
		}
	}
}

func TestCase31TaskSaysWhatIsWrongWithItsParameters(t *testing.T) {
	ns := namespace(t)
	operator(t)
	for name, c := range map[string]struct{ schema, says string }{
		"array":   {`{"type":"array"}`, "params are always an object"},
		"never":   {`{"not":{}}`, "no params can satisfy the schema"},
		"default": {`{"properties":{"x":{"type":"integer","default":"5"}}}`, "the default of /x"},
		"lost":    {`{"properties":{"x":{"type":"number","default":12345678901234567890}}}`, "more than 64 bits"},
	} {
		task := newTask(ns)
		task.Name = name
		task.Spec.Parameters = object(c.schema)
		create(t, task)
		task = ready(t, ns, name, metav1.ConditionFalse)
		condition := apimeta.FindStatusCondition(task.Status.Conditions, v1alpha1.ConditionReady)
		if condition.Reason != v1alpha1.ReasonInvalidParameters || !strings.Contains(condition.Message, c.says) {
			t.Errorf("%s: %+v", name, condition)
		}
	}
	task := newTask(ns)
	task.Spec.Parameters = object(`{"properties":{"a-b":{},"a.b":{},"A_B":{}}}`)
	create(t, task)
	task = ready(t, ns, task.Name, metav1.ConditionTrue)
	if warning := apimeta.FindStatusCondition(task.Status.Conditions, v1alpha1.ConditionWarning); warning == nil || !strings.Contains(warning.Message, "TASK_PARAM_A_B") {
		t.Errorf("conditions %+v", task.Status.Conditions)
	}
}
