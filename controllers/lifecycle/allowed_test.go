// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"testing"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// A run that asks for more than its Task allows fails before a Job is created, whoever created the run. The Task counts
// as it is when the run would start, whatever it allowed earlier.
func TestCase57RunAsksForNoMoreThanItsTaskAllows(t *testing.T) {
	inQueue := func(s *scene, name string) *scene {
		s.Execution.Labels = map[string]string{v1alpha1.LabelKueueQueue: name}
		return s
	}
	queued := ownTimeout(given().timeout(time.Minute), 2*time.Minute)
	queued.Execution.Status.Phase = v1alpha1.PhaseQueued
	table{
		"more time":                        {ownTimeout(given().timeout(time.Minute), 2*time.Minute), "Failed/NotAllowedByTask", "the longest is 1m0s"},
		"more time, after it has waited":   {queued, "Failed/NotAllowedByTask", "the longest is 1m0s"},
		"less time":                        {ownTimeout(given().timeout(time.Minute), time.Second), "/ create", ""},
		"a queue":                          {inQueue(given(), "fast"), "Failed/NotAllowedByTask", `"fast"`},
		"a queue that is allowed":          {inQueue(given().task(func(s *v1alpha1.TaskSpec) { s.AllowedQueues = []string{"fast"} }), "fast"), "/ create", ""},
		"more time, once there is its Job": {ownTimeout(given(), 2*time.Minute).job().task(func(s *v1alpha1.TaskSpec) { s.Timeout = s.StartTimeout }), "Pending/JobCreated in 4m30s", ""},
	}.run(t)
}

// The first recorded origin stays.
func TestCase44WordOnAnOriginIsRecorded(t *testing.T) {
	for name, c := range map[string]struct{ was, now, want v1alpha1.Origin }{
		"it is recorded":       {"", v1alpha1.OriginClaimed, v1alpha1.OriginClaimed},
		"the first word stays": {v1alpha1.OriginClaimed, v1alpha1.OriginProven, v1alpha1.OriginClaimed},
		"it is not known":      {"", "", ""},
	} {
		s := given().job()
		s.Execution.Status.Origin, s.Origin = c.was, c.now
		if got := Decide(s.Observation).Status.Origin; got != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}
