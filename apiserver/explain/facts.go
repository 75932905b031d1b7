package explain

import (
	"fmt"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
	"github.com/taskexec/taskexec/controllers/logs/parse"
)

// Bounds of the facts.
const (
	// maxFacts of one explanation.
	maxFacts = 60
	// maxText of one fact, in bytes.
	maxText = 600
	// maxName of what a fact is of, in bytes.
	maxName = 253
	// maxPods that are told of, the newest.
	maxPods = 3
	// maxEvents that are told, the newest.
	maxEvents = 10
	// maxLines of the log.
	maxLines = 3
)

// Source says what a fact was taken from.
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
	// FromFacade is what the facade could not find out.
	FromFacade Source = "Facade"
)

// Fact is one thing that is known.
type Fact struct {
	Source Source
	// Name of the object, empty where it is clear.
	Name string
	// At is when, zero where that is not known or no matter.
	At time.Time
	// Text is for people: one line, harmless, at most maxText bytes.
	Text string
}

// factsOf gives what there is to know, from the run itself down to its containers.
func factsOf(o *Observation) (facts []Fact) {
	for _, gather := range []func(*Observation) []Fact{unreadFacts, executionFacts, taskFacts, queueFacts, jobFacts, podFacts, eventFacts, logFacts} {
		facts = append(facts, gather(o)...)
	}
	facts = facts[:min(len(facts), maxFacts)]
	for i := range facts {
		facts[i].Name = parse.Harmless(facts[i].Name, maxName)
		facts[i].Text = parse.Harmless(facts[i].Text, maxText)
	}
	return facts
}

// unreadFacts come first: they say that something may be missing.
func unreadFacts(o *Observation) (facts []Fact) {
	for _, u := range o.Unread {
		facts = append(facts, Fact{Source: FromFacade, Text: fmt.Sprintf("what there is of kind %s could not be read: %s", u.What, u.Why)})
	}
	return facts
}

func executionFacts(o *Observation) (facts []Fact) {
	e, status := o.Execution, &o.Execution.Status
	phase := string(status.Phase)
	if phase == "" {
		phase = "not set"
	}
	facts = append(facts, Fact{FromExecution, e.Name, time.Time{}, fmt.Sprintf("its phase is %s%s%s", phase, reasonIn(status.Reason), because(status.Message))})
	facts = append(facts, Fact{FromExecution, e.Name, e.CreationTimestamp.Time, "it was created"})
	if status.StartTime != nil {
		facts = append(facts, Fact{FromExecution, e.Name, status.StartTime.Time, "its first container started"})
	}
	facts = append(facts, suspensionFacts(o)...)
	if c := status.Completions; c != nil {
		facts = append(facts, Fact{FromExecution, e.Name, time.Time{}, fmt.Sprintf("it has %d of %d completions%s", c.Succeeded, c.Wanted, failedIndexes(c))})
	}
	if status.CompletionTime != nil {
		facts = append(facts, Fact{FromExecution, e.Name, status.CompletionTime.Time, fmt.Sprintf("it ended after %s", times(status.Attempts, "attempt"))})
	}
	if c := apimeta.FindStatusCondition(status.Conditions, v1alpha1.ConditionImagesPulled); c != nil && c.Status == metav1.ConditionFalse {
		facts = append(facts, Fact{FromExecution, e.Name, c.LastTransitionTime.Time, "since then an image could not be pulled" + because(c.Message)})
	}
	if c := e.Spec.Cancel; c != nil {
		facts = append(facts, Fact{FromExecution, e.Name, time.Time{}, "a cancel was asked for" + whoAndWhy(c.RequestedBy, c.Reason)})
	}
	return facts
}

func failedIndexes(c *v1alpha1.Completions) string {
	if c.FailedIndexes == "" {
		return ""
	}
	return "; failed indexes: " + c.FailedIndexes
}

func suspensionFacts(o *Observation) (facts []Fact) {
	s := o.Execution.Status.Suspension
	if s == nil {
		return nil
	}
	if s.Total.Duration > 0 {
		facts = append(facts, Fact{FromExecution, o.Execution.Name, time.Time{}, fmt.Sprintf("it was suspended for %s, which do not count for its timeout", forPeople(s.Total.Duration))})
	}
	if s.Since != nil {
		facts = append(facts, Fact{FromExecution, o.Execution.Name, s.Since.Time, "it is suspended since then, or has not started again"})
	}
	return facts
}

func reasonIn(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + reason + ")"
}

func taskFacts(o *Observation) (facts []Fact) {
	name := o.Execution.Spec.TaskRef.Name
	if o.Task == nil {
		return []Fact{{FromTask, name, time.Time{}, "it does not exist"}}
	}
	if o.Task.Spec.Suspended {
		facts = append(facts, Fact{FromTask, name, time.Time{}, "it is suspended and takes no new runs"})
	}
	if c := apimeta.FindStatusCondition(o.Task.Status.Conditions, v1alpha1.ConditionReady); c != nil && c.Status == metav1.ConditionFalse {
		facts = append(facts, Fact{FromTask, name, c.LastTransitionTime.Time, "it cannot be run" + reasonIn(c.Reason) + because(c.Message)})
	}
	if ran := o.Execution.Status.Task; ran != nil && (ran.UID != o.Task.UID || ran.Generation != o.Task.Generation) {
		facts = append(facts, Fact{FromTask, name, time.Time{}, "it was changed after this run was started"})
	}
	if o.Task.Spec.Concurrency != nil {
		text := fmt.Sprintf("its concurrency policy is %s", o.Task.Spec.ConcurrencyPolicy())
		if n := o.Task.Spec.MaxRunning(); n > 0 {
			text += fmt.Sprintf(", it runs %d at once", n)
		}
		text += fmt.Sprintf(", and %d may wait", o.Task.Spec.MaxQueued())
		facts = append(facts, Fact{FromTask, name, time.Time{}, text})
	}
	return facts
}

// queueFacts are told of a run that waits.
func queueFacts(o *Observation) (facts []Fact) {
	q := o.Execution.Status.Queue
	if q == nil || o.Execution.Status.Phase != v1alpha1.PhaseQueued || q.BlockedBy == v1alpha1.BlockedByJob {
		return nil
	}
	facts = append(facts, Fact{Source: FromQueue, Text: fmt.Sprintf("%s before this one, for the limit of the %s", waits(o.ahead()), strings.ToLower(string(q.BlockedBy)))})
	if names, n := o.active(); n > 0 {
		facts = append(facts, Fact{Source: FromQueue, Text: fmt.Sprintf("%s of the task active: %s", areActive(n), strings.Join(names, ", "))})
	}
	return facts
}

func areActive(n int) string {
	if n == 1 {
		return "1 run is"
	}
	return fmt.Sprintf("%d runs are", n)
}

func jobFacts(o *Observation) (facts []Fact) {
	recorded := o.Execution.Status.Job
	if o.Job == nil {
		if recorded != nil && !o.unread(FromJob) {
			return []Fact{{FromJob, recorded.Name, time.Time{}, "it is gone"}}
		}
		return nil
	}
	name, status := o.Job.Name, &o.Job.Status
	text := fmt.Sprintf("pods: %d active, %d succeeded, %d failed", status.Active, status.Succeeded, status.Failed)
	if limit := o.Job.Spec.BackoffLimit; limit != nil {
		text += fmt.Sprintf("; its backoffLimit is %d", *limit)
	}
	facts = append(facts, Fact{FromJob, name, o.Job.CreationTimestamp.Time, text})
	if o.Job.Spec.Suspend != nil && *o.Job.Spec.Suspend {
		facts = append(facts, Fact{FromJob, name, time.Time{}, "it is suspended"})
	}
	for _, kind := range []batchv1.JobConditionType{batchv1.JobComplete, batchv1.JobFailed} {
		if c := jobspec.TrueCondition(o.Job, kind); c != nil {
			facts = append(facts, Fact{FromJob, name, c.LastTransitionTime.Time, string(kind) + reasonIn(c.Reason) + because(c.Message)})
		}
	}
	return facts
}

// unread tells whether something of that kind could not be read.
func (o *Observation) unread(what Source) bool {
	for _, u := range o.Unread {
		if u.What == what {
			return true
		}
	}
	return false
}
