// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runs

import (
	"slices"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/wire"
	"github.com/taskexec/taskexec/controllers/records"
)

// tally collects statistics. Its zero value is empty.
type tally struct {
	by        map[string]int
	durations []time.Duration
	// archived has the durations of archived runs.
	archived records.Durations
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

// add adds archived runs.
func (t *tally) add(of records.Tally) {
	if t.by == nil {
		t.by = map[string]int{}
	}
	for status, phase := range phasesOf {
		t.by[status] += of.Phases[string(phase)]
	}
	t.archived.Merge(of.Durations)
}

// stats returns the statistics. P95 is computed by nearest rank: 95 of 100 runs took no longer. With archived runs it is within 1 %.
func (t *tally) stats() Stats {
	s := Stats{
		Running: t.by[wire.StatusRunning], Completed: t.by[wire.StatusCompleted], Failed: t.by[wire.StatusFailed], Cancelled: t.by[wire.StatusCancelled],
	}
	s.Total = s.Running + s.Completed + s.Failed + s.Cancelled
	if t.archived.Count > 0 {
		s.AvgDuration, s.P95 = t.approximately()
		return s
	}
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

// approximately returns the mean and the 95th percentile of all durations in milliseconds, the percentile within 1 %. They are nil if there
// are none.
func (t *tally) approximately() (mean, p95 *int64) {
	var all records.Durations
	all.Merge(t.archived)
	for _, d := range t.durations {
		all.Add(d.Milliseconds())
	}
	if all.Count == 0 {
		return nil, nil
	}
	return new(all.Sum / int64(all.Count)), new(all.Quantile(0.95))
}
