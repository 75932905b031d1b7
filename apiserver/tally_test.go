package apiserver

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestStats(t *testing.T) {
	n := func(i int64) *int64 { return &i }
	hundred := []*v1alpha1.TaskExecution{}
	for i := range 100 {
		hundred = append(hundred, took(fmt.Sprint(i), "sync", v1alpha1.PhaseCompleted, (99-i)*10))
	}
	neverStarted := took("x", "sync", v1alpha1.PhaseFailed, 0)
	neverStarted.Status.StartTime = nil
	going := took("x", "sync", v1alpha1.PhaseRunning, 0)
	going.Status.CompletionTime = nil
	for name, c := range map[string]struct {
		of   []*v1alpha1.TaskExecution
		want wireStats
	}{
		"none":              {nil, wireStats{}},
		"one":               {hundred[:1], wireStats{Total: 1, Completed: 1, AvgDuration: n(990), P95: n(990)}},
		"a hundred":         {hundred, wireStats{Total: 100, Completed: 100, AvgDuration: n(495), P95: n(940)}},
		"never started":     {[]*v1alpha1.TaskExecution{neverStarted}, wireStats{Total: 1, Failed: 1}},
		"goes on":           {[]*v1alpha1.TaskExecution{going}, wireStats{Total: 1, Running: 1}},
		"a clock set back":  {[]*v1alpha1.TaskExecution{took("x", "sync", v1alpha1.PhaseFailed, -5)}, wireStats{Total: 1, Failed: 1, AvgDuration: n(0), P95: n(0)}},
		"cancelled, queued": {[]*v1alpha1.TaskExecution{anExecution("a", "sync", v1alpha1.PhaseCancelling), anExecution("b", "sync", v1alpha1.PhaseQueued)}, wireStats{Total: 2, Running: 1, Cancelled: 1}},
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
