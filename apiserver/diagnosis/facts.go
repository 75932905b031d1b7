// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/logs/parse"
	"github.com/taskexec/taskexec/controllers/phrases"
)

// Bounds of the facts.
const (
	// maxFacts of one explanation.
	maxFacts = 60
	// maxText of one fact, in bytes.
	maxText = 600
	// maxName of the object that a fact is about, in bytes.
	maxName = 253
	// maxPods that facts are about, the newest.
	maxPods = 3
	// maxEvents that become facts, the newest.
	maxEvents = 10
	// maxLines of the log that become facts.
	maxLines = 3
)

// Source says where a fact was read.
type Source string

// The sources.
const (
	FromExecution Source = "TaskExecution"
	FromTask      Source = "Task"
	FromQueue     Source = "Queue"
	FromJob       Source = "Job"
	FromPod       Source = "Pod"
	FromEvent     Source = "Event"
	FromLog       Source = "Log"
	// FromFacade is for what the facade could not read.
	FromFacade Source = "Facade"
)

// Fact is one thing that is known.
type Fact struct {
	Source Source
	// Name of the object, empty if there is only one it can be.
	Name string
	// At is when it happened, zero if that is not known or does not matter.
	At time.Time
	// Text is for people.
	Text phrases.Text
}

// TextIn returns the text in a language: one line without control characters, of at most maxText bytes.
func (f Fact) TextIn(l phrases.Language) string { return parse.Harmless(f.Text.In(l), maxText) }

// factsOf returns what is known, from the run itself down to its containers.
func factsOf(o *Observation) (facts []Fact) {
	for _, gather := range []func(*Observation) []Fact{unreadFacts, executionFacts, taskFacts, queueFacts, jobFacts, podFacts, eventFacts, logFacts} {
		facts = append(facts, gather(o)...)
	}
	facts = facts[:min(len(facts), maxFacts)]
	for i := range facts {
		facts[i].Name = parse.Harmless(facts[i].Name, maxName)
	}
	return facts
}

// unreadFacts come first, because they say that others may be missing.
func unreadFacts(o *Observation) (facts []Fact) {
	for _, u := range o.Unread {
		facts = append(facts, Fact{Source: FromFacade, Text: tellUnread.With(u.What, u.Why)})
	}
	return facts
}

func executionFacts(o *Observation) (facts []Fact) {
	e, status := o.Execution, &o.Execution.Status
	phase := phrases.Verbatim(string(status.Phase))
	if phase.IsZero() {
		phase = tellNoPhase.With()
	}
	facts = append(facts, Fact{FromExecution, e.Name, time.Time{}, tellPhase.With(phase, reasonIn(status.Reason), because(status.Message))})
	facts = append(facts, Fact{FromExecution, e.Name, e.CreationTimestamp.Time, tellCreated.With()})
	if status.StartTime != nil {
		facts = append(facts, Fact{FromExecution, e.Name, status.StartTime.Time, tellStarted.With()})
	}
	facts = append(facts, suspensionFacts(o)...)
	if c := status.Completions; c != nil {
		facts = append(facts, Fact{FromExecution, e.Name, time.Time{}, tellCompletions.With(c.Succeeded, c.Wanted, failedIndexes(c))})
	}
	if status.CompletionTime != nil {
		ended := tellEnded.With(status.Attempts)
		if status.Attempts == 1 {
			ended = tellEndedOne.With()
		}
		facts = append(facts, Fact{FromExecution, e.Name, status.CompletionTime.Time, ended})
	}
	if c := apimeta.FindStatusCondition(status.Conditions, v1alpha1.ConditionImagesPulled); c != nil && c.Status == metav1.ConditionFalse {
		facts = append(facts, Fact{FromExecution, e.Name, c.LastTransitionTime.Time, tellPullsFailed.With(because(c.Message))})
	}
	if c := e.Spec.Cancel; c != nil {
		facts = append(facts, Fact{FromExecution, e.Name, time.Time{}, tellCancelAsked.With(whoAndWhy(c.RequestedBy, c.Reason))})
	}
	return facts
}

func failedIndexes(c *v1alpha1.Completions) phrases.Text {
	if c.FailedIndexes == "" {
		return none
	}
	return tellFailedIndex.With(c.FailedIndexes)
}

func suspensionFacts(o *Observation) (facts []Fact) {
	s := o.Execution.Status.Suspension
	if s == nil {
		return nil
	}
	if s.Total.Duration > 0 {
		facts = append(facts, Fact{FromExecution, o.Execution.Name, time.Time{}, tellWasSuspended.With(forPeople(s.Total.Duration))})
	}
	if s.Since != nil {
		facts = append(facts, Fact{FromExecution, o.Execution.Name, s.Since.Time, tellSuspended.With()})
	}
	return facts
}

func taskFacts(o *Observation) (facts []Fact) {
	name := o.Execution.Spec.TaskRef.Name
	if o.Task == nil {
		return []Fact{{FromTask, name, time.Time{}, tellTaskMissing.With()}}
	}
	if o.Task.Spec.Suspended {
		facts = append(facts, Fact{FromTask, name, time.Time{}, tellTaskSuspended.With()})
	}
	if c := apimeta.FindStatusCondition(o.Task.Status.Conditions, v1alpha1.ConditionReady); c != nil && c.Status == metav1.ConditionFalse {
		facts = append(facts, Fact{FromTask, name, c.LastTransitionTime.Time, tellTaskNotReady.With(reasonIn(c.Reason), because(c.Message))})
	}
	if ran := o.Execution.Status.Task; ran != nil && (ran.UID != o.Task.UID || ran.Generation != o.Task.Generation) {
		facts = append(facts, Fact{FromTask, name, time.Time{}, tellTaskChanged.With()})
	}
	if o.Task.Spec.Concurrency != nil {
		policy := o.Task.Spec.ConcurrencyPolicy()
		text := tellConcurrency.With(policy, o.Task.Spec.MaxQueued())
		if n := o.Task.Spec.MaxRunning(); n > 0 {
			text = tellConcurrencyOf.With(policy, n, o.Task.Spec.MaxQueued())
		}
		facts = append(facts, Fact{FromTask, name, time.Time{}, text})
	}
	return facts
}

// logFacts are the last line and the last errors in the log of a run that failed. They are from the tail in the status,
// which has no sensitive values.
func logFacts(o *Observation) (facts []Fact) {
	if o.Execution.Status.Phase != v1alpha1.PhaseFailed {
		return nil
	}
	logs := o.Execution.Status.Logs
	if len(logs) > 0 { // the last entry is the controller's, which repeats the status
		logs = logs[:len(logs)-1]
	}
	for i := len(logs) - 1; i >= 0 && len(facts) < maxLines; i-- {
		if l := &logs[i]; l.Level == v1alpha1.LogError || len(facts) == 0 && i == len(logs)-1 {
			facts = append(facts, Fact{Source: FromLog, At: l.Timestamp.Time.Truncate(time.Millisecond), Text: phrases.Verbatim(l.Message)})
		}
	}
	return facts
}
