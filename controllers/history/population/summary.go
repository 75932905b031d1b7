// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package population

import (
	"cmp"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/census"
)

// durationWindow is how many of the newest completed runs the durations are computed from.
const durationWindow = 100

// Summarise puts the figures of a Task's executions into its status. It does not change conditions.
func Summarise(status *v1alpha1.TaskStatus, executions []v1alpha1.TaskExecution) {
	status.Running, status.Pending, status.Queued = 0, 0, 0
	status.Totals, status.LastExecution, status.Durations = v1alpha1.RunTotals{}, nil, nil
	var newest *v1alpha1.TaskExecution
	var completed []*v1alpha1.TaskExecution
	for i := range executions {
		e := &executions[i]
		count(status, e)
		if newest == nil || createdAfter(e, newest) {
			newest = e
		}
		if e.Status.Phase == v1alpha1.PhaseCompleted && e.Status.StartTime != nil {
			completed = append(completed, e)
		}
	}
	if newest != nil {
		status.LastExecution = &v1alpha1.LastExecution{
			Name: newest.Name, Phase: cmp.Or(newest.Status.Phase, v1alpha1.PhasePending), CreationTime: newest.CreationTimestamp,
		}
	}
	if len(completed) > 0 {
		slices.SortFunc(completed, lastEndedFirst)
		status.Durations = durationsOf(completed[:min(len(completed), durationWindow)])
	}
}

// count counts one execution. The census says whether it has ended or has a place.
func count(status *v1alpha1.TaskStatus, e *v1alpha1.TaskExecution) {
	switch standing, phase := census.StandingOf(e), e.Status.Phase; {
	case standing == census.Ended:
		countEnded(&status.Totals, phase)
	case standing != census.Active, phase == v1alpha1.PhaseQueued: // a Queued one that is active has a suspended Job
		status.Queued++
	case e.Status.StartTime != nil:
		status.Running++
	case e.Status.Job == nil: // the API server refuses its Job for now
		status.Queued++
	default:
		status.Pending++
	}
}

func countEnded(totals *v1alpha1.RunTotals, phase v1alpha1.Phase) {
	switch phase {
	case v1alpha1.PhaseCompleted:
		totals.Completed++
	case v1alpha1.PhaseCancelled:
		totals.Cancelled++
	default:
		totals.Failed++
	}
}

// createdAfter compares by creation, and within one second by start, as the facade lists them. A run that has not
// started counts as newer.
func createdAfter(a, b *v1alpha1.TaskExecution) bool {
	if c := a.CreationTimestamp.Compare(b.CreationTimestamp.Time); c != 0 {
		return c > 0
	}
	switch x, y := a.Status.StartTime, b.Status.StartTime; {
	case (x == nil) != (y == nil):
		return x == nil
	case x != nil && !x.Time.Equal(y.Time):
		return x.After(y.Time)
	}
	return strings.Compare(a.Name, b.Name) < 0
}

// durationsOf returns the durations of at least one completed run.
func durationsOf(completed []*v1alpha1.TaskExecution) *v1alpha1.RunDurations {
	took := make([]time.Duration, len(completed))
	var sum time.Duration
	for i, e := range completed {
		took[i] = max(0, endOf(e).Sub(e.Status.StartTime.Time))
		sum += took[i]
	}
	slices.Sort(took)
	mean := sum / time.Duration(len(took))
	nearestRank := (95*len(took) + 99) / 100
	return &v1alpha1.RunDurations{
		Runs: int32(len(took)),
		Mean: metav1.Duration{Duration: mean.Round(100 * time.Millisecond)},
		P95:  metav1.Duration{Duration: took[nearestRank-1]},
	}
}
