package explain

import (
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

// seenWithin is how soon a controller that works has looked at a new run.
const seenWithin = 15 * time.Second

// notSeen says that the controller has not looked at the run.
func notSeen(o *Observation) (verdict, bool) {
	if o.Execution.Status.Phase != "" {
		return verdict{}, false
	}
	age := o.Now.Sub(o.Execution.CreationTimestamp.Time)
	v := verdict{ReasonNotSeen, "It was just recorded, and the controller has not looked at it yet.", ""}
	if age > seenWithin {
		v.sentence = fmt.Sprintf("It was recorded %s ago, and the controller has not looked at it yet.", forPeople(age))
		v.advice = "Look whether the controller runs and works in this namespace: kubectl -n taskexec-system get pods."
	}
	return v, true
}

// starting is a run of which nothing is wrong that is known. Where the pods could not be read, the status may know.
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
		v.sentence = fmt.Sprintf("It is about to start: the node %q has its pod and gets its image and volumes ready.", pod.Spec.NodeName)
	case pod != nil:
		v.sentence = "It is about to start: its pod waits for a node."
	case status.Job == nil:
		v.sentence = "It is about to start: its Job is about to be made."
	default:
		v.sentence = "It is about to start: its Job is there."
	}
	return v, true
}

// retrying says that an attempt failed and another is to come.
func retrying(o *Observation) (verdict, bool) {
	status := &o.Execution.Status
	if status.Phase != v1alpha1.PhaseRunning || status.Reason != v1alpha1.ReasonRetrying {
		return verdict{}, false
	}
	how := ""
	if code := o.failedWith(); code != nil {
		how = fmt.Sprintf("; the last one ended with exit code %d", *code)
	}
	return verdict{
		v1alpha1.ReasonRetrying,
		"It waits for its next attempt" + because(status.Message) + how + ".",
		fmt.Sprintf("Read its log: GET /tasks/executions/%s/logs.", o.Execution.Name),
	}, true
}

// failedWith is the exit code of the attempt that failed: the status has it, or else the newest pod that did.
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

// running says since when and where, and when its timeout will end it.
func running(o *Observation) (verdict, bool) {
	status := &o.Execution.Status
	if status.Phase != v1alpha1.PhaseRunning {
		return verdict{}, false
	}
	sentence := "It runs" + onNode(o.nodeOf())
	if status.StartTime != nil {
		sentence = fmt.Sprintf("It has been running for %s%s", forPeople(o.Now.Sub(status.StartTime.Time)), onNode(o.nodeOf()))
	}
	sentence += o.tries(", at attempt %d")
	if o.Job != nil {
		// A damaged annotation gives limits without a timeout.
		limits, err := jobspec.LimitsOf(o.Job)
		if at, runs := status.Deadline(limits.Timeout); err == nil && runs {
			sentence += fmt.Sprintf("; its timeout of %s ends it at %s", limits.Timeout.Duration, stamp(at.Time))
		}
	}
	return verdict{v1alpha1.ReasonContainerStarted, sentence + ".", ""}, true
}

// tries says how often it was tried, in a clause that begins with words; empty where it was once. A Job with several
// completions starts more pods than it tries one of them, so that what it has of those is said instead.
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

// completed says that nothing is wrong.
func completed(o *Observation) (verdict, bool) {
	status := &o.Execution.Status
	if status.Phase != v1alpha1.PhaseCompleted {
		return verdict{}, false
	}
	sentence := "It completed"
	if status.CompletionTime != nil {
		sentence += " at " + stamp(status.CompletionTime.Time)
		if status.StartTime != nil {
			sentence += ", after " + forPeople(status.CompletionTime.Sub(status.StartTime.Time))
		}
	}
	sentence += o.tries(", at attempt %d")
	advice := ""
	if killedQuietly(o) {
		advice = "What the killed process was to do may be missing. " + memoryAdvice
	}
	return verdict{v1alpha1.ReasonCompleted, sentence + because(status.Message) + ".", advice}, true
}

// failed is for all failures of which no other rule knows more: the status' word, or else the Job's.
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
