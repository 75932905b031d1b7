// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runs

import (
	"slices"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/wire"
)

// tally collects statistics. Its zero value is empty.
type tally struct {
	by        map[string]int
	durations []time.Duration
}

// count adds an execution. It is called under the index's lock.
func (t *tally) count(e *v1alpha1.TaskExecution) {
	if t.by == nil {
		t.by = map[string]int{}
	}
	t.by[wire.StatusOf(e)]++
	if begun, ended := e.Status.StartTime, e.Status.CompletionTime; begun != nil && ended != nil && e.Status.Phase.IsTerminal() {
		t.durations = append(t.durations, max(0, ended.Sub(begun.Time)))
	}
}

// stats returns the statistics. P95 is computed by nearest rank: 95 of 100 runs took no longer.
func (t *tally) stats() Stats {
	s := Stats{
		Running: t.by[wire.StatusRunning], Completed: t.by[wire.StatusCompleted], Failed: t.by[wire.StatusFailed], Cancelled: t.by[wire.StatusCancelled],
	}
	s.Total = s.Running + s.Completed + s.Failed + s.Cancelled
	n := len(t.durations)
	if n == 0 {
		return s
	}
	slices.Sort(t.durations)
	var sum time.Duration
	for _, d := range t.durations {
		sum += d
	}
	average, p95 := (sum / time.Duration(n)).Milliseconds(), t.durations[(n*95+99)/100-1].Milliseconds()
	s.AvgDuration, s.P95 = &average, &p95
	return s
}
