// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package population

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/lifecycle"
	"github.com/taskexec/taskexec/controllers/tracking"
)

// Retention is how long and how many finished runs of a Task are kept.
type Retention struct {
	// TTL is how long a run is kept after its end. Zero means for ever.
	TTL time.Duration
	// Completed and Failed are how many of each are kept. Negative means all. A cancelled run counts as failed. Copies
	// of runs (RestoredCopy) count apart, so that a restored backup does not push out the runs that failed.
	Completed, Failed int
	// AtLeast is how long a run is kept, however many there are: clients may still poll for its end.
	AtLeast time.Duration
}

// RetentionOf reads a Task. Fields that the Task leaves out are not bounded, because the API server fills in the
// defaults.
func RetentionOf(task *v1alpha1.Task, atLeast time.Duration) Retention {
	r := Retention{Completed: -1, Failed: -1, AtLeast: atLeast}
	spec := &task.Spec.Retention
	if spec.TTL != nil {
		r.TTL = spec.TTL.Duration
	}
	if spec.Completed != nil {
		r.Completed = int(*spec.Completed)
	}
	if spec.Failed != nil {
		r.Failed = int(*spec.Failed)
	}
	return r
}

// Expired returns the expired executions of one Task, oldest first, and after how long the next one may expire, or zero
// if only an event can change that. The newest of each outcome are kept. Executions that we may not remove do not
// count.
func Expired(now time.Time, r Retention, executions []v1alpha1.TaskExecution) (expired []*v1alpha1.TaskExecution, next time.Duration) {
	var completed, failed, copies []*v1alpha1.TaskExecution
	for i := range executions {
		e := &executions[i]
		switch {
		case !removable(e):
		case e.Status.Phase == v1alpha1.PhaseCompleted:
			completed = append(completed, e)
		case e.Status.Reason == v1alpha1.ReasonRestoredCopy:
			copies = append(copies, e)
		default:
			failed = append(failed, e)
		}
	}
	for _, outcome := range []struct {
		executions []*v1alpha1.TaskExecution
		limit      int
	}{{completed, r.Completed}, {failed, r.Failed}, {copies, r.Failed}} {
		slices.SortFunc(outcome.executions, lastEndedFirst)
		for i, e := range outcome.executions {
			left := r.left(now, e, outcome.limit >= 0 && i >= outcome.limit)
			switch {
			case left == 0:
			case left < 0:
				expired = append(expired, e)
			default:
				next = lifecycle.Soonest(next, left)
			}
		}
	}
	slices.SortFunc(expired, func(a, b *v1alpha1.TaskExecution) int { return lastEndedFirst(b, a) })
	return expired, next
}

// left returns how much longer a run is kept: zero for ever, negative if it has expired. surplus means that there are
// enough newer ones.
func (r Retention) left(now time.Time, e *v1alpha1.TaskExecution, surplus bool) time.Duration {
	var keep time.Duration
	switch {
	case surplus && r.TTL > 0:
		keep = min(r.TTL, r.AtLeast)
	case surplus:
		keep = r.AtLeast
	case r.TTL > 0:
		keep = r.TTL
	default:
		return 0
	}
	if left := endOf(e).Add(keep).Sub(now); left > 0 {
		return left
	}
	return -1
}

// removable reports whether a run has ended, its log is final, and the facade or the controller created it. A run that
// kubectl or a GitOps tool created is theirs: they would create it again, and so run it again.
func removable(e *v1alpha1.TaskExecution) bool {
	if e.DeletionTimestamp != nil || !lifecycle.LogIsFinal(e) {
		return false
	}
	return e.Spec.Trigger.Source != v1alpha1.TriggerKubectl && e.Spec.Trigger.Source != "" && !tracking.Declared(e)
}

func endOf(e *v1alpha1.TaskExecution) time.Time {
	if t := e.Status.CompletionTime; t != nil {
		return t.Time
	}
	return e.CreationTimestamp.Time
}

func lastEndedFirst(a, b *v1alpha1.TaskExecution) int {
	return cmp.Or(endOf(b).Compare(endOf(a)), b.CreationTimestamp.Compare(a.CreationTimestamp.Time), strings.Compare(a.Name, b.Name))
}
