// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"time"

	batchv1 "k8s.io/api/batch/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
	"github.com/taskexec/taskexec/controllers/phrases"
)

// seenWithin is how soon a working controller processes a new run.
const seenWithin = 15 * time.Second

// notSeen says that the controller has not processed the run.
func notSeen(o *Observation) (verdict, bool) {
	if o.Execution.Status.Phase != "" {
		return verdict{}, false
	}
	age := o.Now.Sub(o.Execution.CreationTimestamp.Time)
	v := verdict{ReasonNotSeen, sayJustCreated.With(), none}
	if age > seenWithin {
		v.sentence, v.advice = sayNotProcessed.With(forPeople(age)), adviseController.With()
	}
	return v, true
}

// starting says how far a run has come that is about to start. If the pods could not be read, the status may say what
// the run waits for.
func starting(o *Observation) (verdict, bool) {
	status := &o.Execution.Status
	if status.Phase != v1alpha1.PhasePending {
		return verdict{}, false
	}
	v := verdict{reason: ReasonStarting}
	pod := o.waitingPod()
	switch {
	case status.Message != "":
		v.sentence = sayNotStartedYet.With(because(status.Message))
	case pod != nil && pod.Spec.NodeName != "":
		v.sentence = sayOnNode.With(pod.Spec.NodeName)
	case pod != nil:
		v.sentence = sayPodWaits.With()
	case status.Job == nil:
		v.sentence = sayJobToCreate.With()
	default:
		v.sentence = sayJobExists.With()
	}
	return v, true
}

// retrying says how the last attempt failed while the next one has not started.
func retrying(o *Observation) (verdict, bool) {
	status := &o.Execution.Status
	if status.Phase != v1alpha1.PhaseRunning || status.Reason != v1alpha1.ReasonRetrying {
		return verdict{}, false
	}
	how := none
	if code := o.failedWith(); code != nil {
		how = clauseLastFailed.With(*code)
	}
	return verdict{v1alpha1.ReasonRetrying, sayRetrying.With(because(status.Message), how), adviseLog.With(o.Execution.Name)}, true
}

// failedWith returns the exit code of the last attempt that failed: that of the status, or else of the newest pod that
// failed. It is nil if neither has one.
func (o *Observation) failedWith() *int32 {
	if code := o.Execution.Status.ExitCode; code != nil {
		return code
	}
	pods := o.Execution.Status.Pods
	for i := len(pods) - 1; i >= 0; i-- {
		if code := pods[i].ExitCode; code != nil && *code != 0 {
			return code
		}
	}
	return nil
}

// running says how long the run has been running, on which node, and when its timeout will end it.
func running(o *Observation) (verdict, bool) {
	status := &o.Execution.Status
	if status.Phase != v1alpha1.PhaseRunning {
		return verdict{}, false
	}
	node, tries, end := onNode(o.nodeOf()), o.tries(clauseAttempt), none
	if o.Job != nil {
		// Limits from a damaged annotation have no timeout.
		limits, err := jobspec.SnapshotOf(o.Job)
		if at, runs := status.Deadline(limits.Timeout); err == nil && runs {
			end = clauseTimeout.With(limits.Timeout.Duration, at.UTC().Format(time.RFC3339))
		}
	}
	sentence := sayRuns.With(node, tries, end)
	if status.StartTime != nil {
		sentence = sayRunsFor.With(forPeople(o.Now.Sub(status.StartTime.Time)), node, tries, end)
	}
	return verdict{v1alpha1.ReasonContainerStarted, sentence, none}, true
}

// tries is a clause with the number of attempts in the given phrase, empty after one attempt. For a Job with several
// completions it has the completions instead: such a Job starts more pods than attempts.
func (o *Observation) tries(phrase *phrases.Phrase) phrases.Text {
	status := &o.Execution.Status
	switch {
	case status.Completions != nil:
		return clauseDone.With(status.Completions.Succeeded, status.Completions.Wanted)
	case status.Attempts > 1:
		return phrase.With(status.Attempts)
	default:
		return none
	}
}

// completed says when the run completed and how long it took.
func completed(o *Observation) (verdict, bool) {
	status := &o.Execution.Status
	if status.Phase != v1alpha1.PhaseCompleted {
		return verdict{}, false
	}
	at, after, advice := none, none, none
	if status.CompletionTime != nil {
		at = clauseAt.With(status.CompletionTime.UTC().Format(time.RFC3339))
		if status.StartTime != nil {
			after = clauseAfter.With(forPeople(status.CompletionTime.Sub(status.StartTime.Time)))
		}
	}
	if killedQuietly(o) {
		advice = adviseLostWork.With(adviseMemory.With())
	}
	return verdict{v1alpha1.ReasonCompleted, sayCompleted.With(at, after, o.tries(clauseAttempt), because(status.Message)), advice}, true
}

// failed repeats the message of the status, or else of the Job, for a failure that no other rule explains.
func failed(o *Observation) (verdict, bool) {
	if !o.hasFailed() {
		return verdict{}, false
	}
	why := o.Execution.Status.Message
	if why == "" && o.Job != nil {
		if c := jobspec.TrueCondition(o.Job, batchv1.JobFailed); c != nil {
			return verdict{o.Execution.Status.Reason, sayFailed.With(becauseOf(tellCondition.With(c.Reason, none, because(c.Message)))), none}, true
		}
	}
	return verdict{o.Execution.Status.Reason, sayFailed.With(because(why)), none}, true
}
