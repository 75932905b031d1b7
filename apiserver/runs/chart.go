// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runs

import (
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/records"
)

// StatsHistory has statistics over time.
type StatsHistory struct {
	// TaskName is the task in the request.
	TaskName string `json:"taskName,omitempty"`
	// By is the length of a period: hour or day.
	By string `json:"by" jsonschema:"enum=hour,enum=day"`
	// Periods are all periods from the earliest to the latest, also those without runs.
	Periods []StatsPeriod `json:"periods"`
	// Incomplete says why archived runs are missing, absent if none are.
	Incomplete string `json:"incomplete,omitempty"`
}

// StatsPeriod has statistics of the runs that were created in one hour or day.
type StatsPeriod struct {
	// Start is the beginning of the period (UTC).
	Start time.Time `json:"start"`
	// Running is how many of these runs have the status running now.
	Running int `json:"running"`
	// Completed is how many have completed.
	Completed int `json:"completed"`
	// Failed is how many have failed.
	Failed int `json:"failed"`
	// Cancelled is how many were cancelled.
	Cancelled int `json:"cancelled"`
	// AvgDuration is the mean duration in milliseconds of those that have started and ended, null if there are none.
	AvgDuration *int64 `json:"avgDuration" jsonschema_extras:"type=integer,type=null"`
	// P95 is the 95th percentile of these durations in milliseconds, within 1 %.
	P95 *int64 `json:"p95" jsonschema_extras:"type=integer,type=null"`
}

// chart counts runs by period of creation.
type chart struct {
	start   time.Time
	step    time.Duration
	tallies []tally
}

// newChart returns a chart of the periods from that of one time to that of another.
func newChart(from, to time.Time, step time.Duration) *chart {
	start := from.UTC().Truncate(step)
	return &chart{start, step, make([]tally, periods(from, to, step))}
}

// periods returns how many periods there are from that of one time to that of another, both included.
func periods(from, to time.Time, step time.Duration) int {
	return int(to.UTC().Truncate(step).Sub(from.UTC().Truncate(step))/step) + 1
}

// at returns the tally of a time, nil if it is not in the chart.
func (c *chart) at(t time.Time) *tally {
	if t.Before(c.start) {
		return nil
	}
	if i := int(t.Sub(c.start) / c.step); i < len(c.tallies) {
		return &c.tallies[i]
	}
	return nil
}

// count adds an execution. It is called under the index's lock.
func (c *chart) count(e *v1alpha1.TaskExecution) {
	if t := c.at(e.CreationTimestamp.Time); t != nil {
		t.count(e)
	}
}

// add adds archived runs.
func (c *chart) add(of records.Tally) {
	if t := c.at(of.Hour); t != nil {
		t.add(of)
	}
}

func (c *chart) periods() []StatsPeriod {
	all := make([]StatsPeriod, len(c.tallies))
	for i := range c.tallies {
		s := c.tallies[i].stats()
		all[i] = StatsPeriod{Start: c.start.Add(time.Duration(i) * c.step), Running: s.Running, Completed: s.Completed, Failed: s.Failed, Cancelled: s.Cancelled}
		all[i].AvgDuration, all[i].P95 = c.tallies[i].approximately()
	}
	return all
}
