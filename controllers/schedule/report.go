// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"fmt"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/logs/parse"
)

// Outcome is the outcome of the creation of a run.
type Outcome int

// These are the outcomes.
const (
	// Made means that it exists and is the schedule's own.
	Made Outcome = iota
	// Conflict means that a foreign execution has the name. It is left alone.
	Conflict
	// Refused means that the API server refused it, and may accept it later.
	Refused
)

// Result is the result of one run of a Plan.
type Result struct {
	Outcome Outcome
	// Message is the API server's message, or says what is in the way.
	Message string
}

// Status returns the new status, from the old one and the results of the first runs of the plan. Runs without a result
// will be tried again.
func (p Plan) Status(s *v1alpha1.TaskSchedule, results []Result) v1alpha1.TaskScheduleStatus {
	status := *s.Status.DeepCopy()
	status.ObservedGeneration, status.ObservedSchedule = s.Generation, p.observed
	status.NextScheduleTime = stamped(p.next)
	if p.origin != "" {
		status.Origin = p.origin
	}
	condition := p.Ready
	until := p.from
	if p.PassedOver != nil {
		until = p.PassedOver[1]
	}
	for i, result := range results {
		run := p.Runs[i]
		if result.Outcome == Refused {
			condition = *notReady(v1alpha1.ReasonExecutionRefused, parse.Harmless(fmt.Sprintf("the run of %s: %s", told(run.Tick), result.Message), maxMessage))
			break
		}
		until = run.Tick
		if result.Outcome == Conflict {
			condition = *notReady(v1alpha1.ReasonNameConflict, parse.Harmless(result.Message, maxMessage))
			continue
		}
		status.LastScheduleTime, status.LastExecution = stamped(run.Tick), run.Execution.Name
	}
	if until.After(s.CreationTimestamp.Time) {
		status.HandledUntil = stamped(until)
	}
	if len(results) == 0 && len(p.Runs) == 0 && p.Ready.Reason == v1alpha1.ReasonScheduled {
		condition = standing(s, condition)
	}
	condition.Type, condition.ObservedGeneration = v1alpha1.ConditionReady, s.Generation
	apimeta.SetStatusCondition(&status.Conditions, condition)
	return status
}

// Record returns the status of a schedule that was changed since the plan was made, with the plan's runs in it. It sets
// only what the runs prove: the last run, and until when ticks were handled. It never goes backwards.
func (p Plan) Record(s *v1alpha1.TaskSchedule, results []Result) v1alpha1.TaskScheduleStatus {
	status := *s.Status.DeepCopy()
	for i, result := range results {
		run := p.Runs[i]
		if result.Outcome == Refused {
			break
		}
		if isLater(run.Tick, status.HandledUntil) {
			status.HandledUntil = stamped(run.Tick)
		}
		if result.Outcome == Made && isLater(run.Tick, status.LastScheduleTime) {
			status.LastScheduleTime, status.LastExecution = stamped(run.Tick), run.Execution.Name
		}
	}
	return status
}

func isLater(tick time.Time, recorded *metav1.Time) bool {
	return recorded == nil || tick.After(recorded.Time)
}

// standing keeps a conflict in the status until the next run can be created.
func standing(s *v1alpha1.TaskSchedule, condition metav1.Condition) metav1.Condition {
	before := apimeta.FindStatusCondition(s.Status.Conditions, v1alpha1.ConditionReady)
	if before != nil && before.Reason == v1alpha1.ReasonNameConflict && before.ObservedGeneration == s.Generation {
		return metav1.Condition{Status: before.Status, Reason: before.Reason, Message: before.Message}
	}
	return condition
}

// Missed says which ticks were skipped, for people. It is empty if there are none.
func (p Plan) Missed() string {
	if p.PassedOver == nil {
		return ""
	}
	first, last := p.PassedOver[0], p.PassedOver[1]
	if first.Equal(last) {
		return fmt.Sprintf("the run of %s was not made: it was too late for startingDeadline or beyond catchUpLimit", told(first))
	}
	return fmt.Sprintf("the runs from %s to %s were not made: they were too late for startingDeadline or beyond catchUpLimit", told(first), told(last))
}

func told(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func stamped(t time.Time) *metav1.Time {
	if t.IsZero() {
		return nil
	}
	return &metav1.Time{Time: t.UTC().Truncate(time.Second)}
}
