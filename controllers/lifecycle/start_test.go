// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

func TestStartClock(t *testing.T) {
	refused := func(age, clock time.Duration) *scene {
		s := given().task(func(spec *v1alpha1.TaskSpec) { spec.StartTimeout = nil })
		if clock > 0 {
			s.Task.Spec.StartTimeout = &metav1.Duration{Duration: clock}
		}
		s.Start = StartResult{StartRefused, "exceeded quota."}
		return s.waitedFor(v1alpha1.ReasonJobRefused, age)
	}
	table{
		"the last try is at the end of the clock":        {refused(297*time.Second, 5*time.Minute), "Pending/JobRefused in 3s", "exceeded quota."},
		"a Task without a clock has the operator's":      {refused(5*time.Minute, 0), "Failed/JobRefused", "exceeded quota; waited 5m0s"},
		"a Task's own clock goes before the operator's":  {refused(5*time.Minute, time.Hour), "Pending/JobRefused in 10s", ""},
		"a clock of three hundred years does not wrap":   {refused(time.Minute, 1<<63-1), "Pending/JobRefused in 10s", ""},
		"a wait from the future is one, no more":         {refused(-time.Hour, time.Second), "Pending/JobRefused in 10s", ""},
		"a task that came after the clock is run anyway": {hourOld(), "/ create", ""},
	}.run(t)
}

// hourOld returns an execution that was created an hour ago.
func hourOld() *scene {
	s := given()
	s.Execution.CreationTimestamp = metav1.NewTime(noon.Add(-time.Hour))
	return s
}

func TestUnusableSchemaIsTheTasksFault(t *testing.T) {
	tests := table{}
	for name, text := range map[string]string{
		"it is no schema":      `{"type":"no-such-type"}`,
		"it is no object":      `[]`,
		"it refers to the web": `{"$ref":"https://example.com/schema.json"}`,
		"it is half":           `{"type":`,
	} {
		tests[name] = struct {
			scene *scene
			want  string
			says  string
		}{given().task(func(s *v1alpha1.TaskSpec) { s.Parameters = schema(text) }), "Failed/InvalidTask", `the parameters of task "sync"`}
	}
	tests.run(t)
}

// Each value reaches the program literally or is refused. None crashes the controller or leaves a run without an
// answer.
func TestHostileParams(t *testing.T) {
	for name, params := range map[string]string{
		"a command":               `{"p":"$(rm -rf /)"}`,
		"a NUL":                   `{"p":"a\u0000b"}`,
		"lines":                   `{"p":"a\nb"}`,
		"a lone surrogate":        `{"p":"\ud800"}`,
		"a number beyond floats":  `{"p":1e400}`,
		"one key twice":           `{"p":1,"p":2}`,
		"colliding names":         `{"a-b":1,"a_b":2}`,
		"deep nesting":            `{"p":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`,
		"as large as is allowed":  `{"p":"` + strings.Repeat("$", v1alpha1.MaxParamsBytes-8) + `"}`,
		"too large":               `{"p":"` + strings.Repeat("x", v1alpha1.MaxParamsBytes) + `"}`,
		"null":                    `null`,
		"bytes that are no UTF-8": "{\"p\":\"\xff\"}",
		"half":                    `{"p":`,
	} {
		t.Run(name, func(t *testing.T) {
			plan := Decide(given().params(params).Observation)
			switch {
			case plan.Create != nil:
				if text := paramsOf(t, plan); !json.Valid([]byte(text)) {
					t.Errorf("TASK_PARAMS is no JSON: %.80s", text)
				}
			case decision(plan) != "Failed/InvalidParams" || plan.Status.Message == "":
				t.Errorf("decided %s: %s", decision(plan), plan.Status.Message)
			}
		})
	}
}

// paramsOf returns TASK_PARAMS as a container of the created Job gets it.
func paramsOf(t *testing.T, plan Plan) string {
	t.Helper()
	for _, e := range plan.Create.Spec.Template.Spec.Containers[0].Env {
		if e.Name == jobspec.EnvParams {
			return strings.ReplaceAll(e.Value, "$$", "$")
		}
	}
	t.Fatal("the Job has no TASK_PARAMS")
	return ""
}

func TestDefaultsReachTheJob(t *testing.T) {
	s := given().params(`{"mid":1}`).task(func(s *v1alpha1.TaskSpec) {
		s.Parameters = schema(`{"properties":{"force":{"type":"boolean","default":false}}}`)
	})
	if got := paramsOf(t, Decide(s.Observation)); got != `{"force":false,"mid":1}` {
		t.Errorf("TASK_PARAMS is %s", got)
	}
}
