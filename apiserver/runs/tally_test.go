// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runs

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
)

func TestStats(t *testing.T) {
	n := func(i int64) *int64 { return &i }
	hundred := []*v1alpha1.TaskExecution{}
	for i := range 100 {
		hundred = append(hundred, fixture.Took(fmt.Sprint(i), "sync", v1alpha1.PhaseCompleted, (99-i)*10))
	}
	neverStarted := fixture.Took("x", "sync", v1alpha1.PhaseFailed, 0)
	neverStarted.Status.StartTime = nil
	going := fixture.Took("x", "sync", v1alpha1.PhaseRunning, 0)
	going.Status.CompletionTime = nil
	for name, c := range map[string]struct {
		of   []*v1alpha1.TaskExecution
		want Stats
	}{
		"none":              {nil, Stats{}},
		"one":               {hundred[:1], Stats{Total: 1, Completed: 1, AvgDuration: n(990), P95: n(990)}},
		"a hundred":         {hundred, Stats{Total: 100, Completed: 100, AvgDuration: n(495), P95: n(940)}},
		"never started":     {[]*v1alpha1.TaskExecution{neverStarted}, Stats{Total: 1, Failed: 1}},
		"goes on":           {[]*v1alpha1.TaskExecution{going}, Stats{Total: 1, Running: 1}},
		"a clock set back":  {[]*v1alpha1.TaskExecution{fixture.Took("x", "sync", v1alpha1.PhaseFailed, -5)}, Stats{Total: 1, Failed: 1, AvgDuration: n(0), P95: n(0)}},
		"cancelled, queued": {[]*v1alpha1.TaskExecution{fixture.Execution("a", "sync", v1alpha1.PhaseCancelling), fixture.Execution("b", "sync", v1alpha1.PhaseQueued)}, Stats{Total: 2, Running: 1, Cancelled: 1}},
	} {
		var counted tally
		for _, e := range c.of {
			counted.count(e)
		}
		if diff := cmp.Diff(c.want, counted.stats()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
