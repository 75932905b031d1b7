// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

// seenWithin is how soon a working controller processes a new run.
const seenWithin = 15 * time.Second

// notSeen says that the controller has not processed the run.
func notSeen(o *Observation) (verdict, bool) {
	if o.Execution.Status.Phase != "" {
		return verdict{}, false
	}
	age := o.Now.Sub(o.Execution.CreationTimestamp.Time)
	v := verdict{ReasonNotSeen, "It was just created, and the controller has not processed it yet.", ""}
	if age > seenWithin {
		v.sentence = fmt.Sprintf("It was created %s ago, and the controller has not processed it yet.", forPeople(age))
		v.advice = "Check that the controller is running and watches this namespace: kubectl -n taskexec-system get pods."
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
		v.sentence = "It has not started yet" + because(status.Message) + "."
	case pod != nil && pod.Spec.NodeName != "":
		v.sentence = fmt.Sprintf("It is about to start: the node %q has its pod and prepares its image and volumes.", pod.Spec.NodeName)
	case pod != nil:
		v.sentence = "It is about to start: its pod waits to be scheduled."
	case status.Job == nil:
		v.sentence = "It is about to start: its Job is about to be created."
	default:
		v.sentence = "It is about to start: its Job exists."
	}
	return v, true
}

// retrying says how the last attempt failed while the next one has not started.
func retrying(o *Observation) (verdict, bool) {
	status := &o.Execution.Status
	if status.Phase != v1alpha1.PhaseRunning || status.Reason != v1alpha1.ReasonRetrying {
		return verdict{}, false
	}
	how := ""
	if code := o.failedWith(); code != nil {
		how = fmt.Sprintf("; the last attempt ended with exit code %d", *code)
	}
	return verdict{
		v1alpha1.ReasonRetrying,
		"It waits for its next attempt" + because(status.Message) + how + ".",
		fmt.Sprintf("Read its log: GET /tasks/executions/%s/logs.", o.Execution.Name),
	}, true
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
	sentence := "It runs" + onNode(o.nodeOf())
	if status.StartTime != nil {
		sentence = fmt.Sprintf("It has been running for %s%s", forPeople(o.Now.Sub(status.StartTime.Time)), onNode(o.nodeOf()))
	}
	sentence += o.tries(", on attempt %d")
	if o.Job != nil {
		// Limits from a damaged annotation have no timeout.
		limits, err := jobspec.SnapshotOf(o.Job)
		if at, runs := status.Deadline(limits.Timeout); err == nil && runs {
			sentence += fmt.Sprintf("; its timeout of %s ends it at %s", limits.Timeout.Duration, at.UTC().Format(time.RFC3339))
		}
	}
	return verdict{v1alpha1.ReasonContainerStarted, sentence + ".", ""}, true
}

// tries is a clause with the number of attempts in the given format, empty after one attempt. For a Job with several
// completions it has the completions instead: such a Job starts more pods than attempts.
func (o *Observation) tries(format string) string {
	status := &o.Execution.Status
	switch {
	case status.Completions != nil:
		return fmt.Sprintf(", with %d of %d completions", status.Completions.Succeeded, status.Completions.Wanted)
	case status.Attempts > 1:
		return fmt.Sprintf(format, status.Attempts)
	default:
		return ""
	}
}

// completed says when the run completed and how long it took.
func completed(o *Observation) (verdict, bool) {
	status := &o.Execution.Status
	if status.Phase != v1alpha1.PhaseCompleted {
		return verdict{}, false
	}
	sentence := "It completed"
	if status.CompletionTime != nil {
		sentence += " at " + status.CompletionTime.UTC().Format(time.RFC3339)
		if status.StartTime != nil {
			sentence += " after " + forPeople(status.CompletionTime.Sub(status.StartTime.Time))
		}
	}
	sentence += o.tries(", on attempt %d")
	advice := ""
	if killedQuietly(o) {
		advice = "The work of the killed process may be missing. " + memoryAdvice
	}
	return verdict{v1alpha1.ReasonCompleted, sentence + because(status.Message) + ".", advice}, true
}

// failed repeats the message of the status, or else of the Job, for a failure that no other rule explains.
func failed(o *Observation) (verdict, bool) {
	if !o.hasFailed() {
		return verdict{}, false
	}
	why := o.Execution.Status.Message
	if why == "" && o.Job != nil {
		if c := jobspec.TrueCondition(o.Job, batchv1.JobFailed); c != nil {
			why = c.Reason + because(c.Message)
		}
	}
	return verdict{o.Execution.Status.Reason, "It failed" + because(why) + ".", ""}, true
}
