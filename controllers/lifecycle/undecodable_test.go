// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func lostIn(path string) v1alpha1.Undecoded {
	return v1alpha1.Undecoded{{Path: path, Problem: `"1e1.5" is no quantity`}}
}

// A run without an undecodable field would not be the run that was requested, so it fails. A run that has its Job goes
// on.
func TestCase21RunOfATaskThatDoesNotDecode(t *testing.T) {
	withTask := func(s *scene, path string) *scene {
		s.Task.Undecoded = lostIn(path)
		return s
	}
	withOwn := func(s *scene, path string) *scene {
		s.Execution.Undecoded = lostIn(path)
		return s
	}
	missing := withOwn(given(), "spec.timeout")
	missing.Task = nil
	table{
		"of its task":                    {withTask(given(), "spec.jobTemplate.x"), "Failed/Undecodable", `a field of task "sync" cannot be decoded: spec.jobTemplate.x: "1e1.5" is no quantity`},
		"of its own":                     {withOwn(given(), "spec.timeout"), "Failed/Undecodable", "a field of this execution cannot be decoded: spec.timeout"},
		"of its own, without a task":     {missing, "Failed/Undecodable", "spec.timeout"},
		"of the status of its task":      {withTask(given(), "status.durations.mean"), "/ create", ""},
		"of its own status":              {withOwn(given(), "status.startTime"), "/ create", ""},
		"of what has its Job":            {withOwn(given().job(), "spec.timeout"), "Pending/JobCreated in 4m30s", ""},
		"of a task whose run has a Job":  {withTask(given().job(), "spec.jobTemplate.x"), "Pending/JobCreated in 4m30s", ""},
		"of the status, which has ended": {withOwn(timeless(given().job().pod(exited(0)), v1alpha1.PhaseCompleted), "status.completionTime"), "Completed/Completed", ""},
	}.run(t)
	if o := withTask(given(), "spec.x"); !EndsUnstarted(&o.Observation) {
		t.Error("it is not asked whether the run has a Job before it is refused")
	}
}

// timeless is a finished run without a completion time, because that field was not decoded.
func timeless(s *scene, phase v1alpha1.Phase) *scene {
	s.Execution.Status.Phase, s.Execution.Status.Reason = phase, string(phase)
	s.Execution.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionSucceeded, Status: metav1.ConditionTrue, Reason: string(phase)}}
	return s
}
