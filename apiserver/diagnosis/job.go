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

// heldJob says what keeps the Job suspended: Kueue or somebody else.
func heldJob(o *Observation) (verdict, bool) {
	status := &o.Execution.Status
	if status.Phase != v1alpha1.PhaseQueued || status.Reason != v1alpha1.ReasonJobSuspended {
		return verdict{}, false
	}
	queue, stopped := "", status.Suspension != nil && status.Suspension.Since != nil
	if o.Job != nil {
		queue = o.Job.Labels[v1alpha1.LabelKueueQueue]
	}
	v := verdict{reason: v1alpha1.ReasonJobSuspended}
	switch {
	case queue != "" && stopped:
		v.sentence = fmt.Sprintf("It was stopped while running and waits, because Kueue withdrew its admission to the queue %q.", queue)
		v.advice = "kubectl describe workloads shows what Kueue waits for. " + fromTheBeginning
	case queue != "":
		v.sentence = fmt.Sprintf("It waits, because Kueue has not yet admitted its Job to the queue %q.", queue)
		v.advice = "kubectl describe workloads shows what Kueue waits for."
	case stopped:
		v.sentence = "It was stopped while running and waits, because its Job was suspended."
		v.advice = "Whoever suspended the Job can resume it with spec.suspend: false. " + fromTheBeginning
	default:
		v.sentence = "It waits because its Job is suspended" + because(status.Message) + "."
		v.advice = "Whoever suspended the Job can resume it with spec.suspend: false."
	}
	return v, true
}

const fromTheBeginning = "The run then starts from the beginning. The time that it waits does not count towards its timeout."

// podsRefused says why the Job cannot create its pod. Kubernetes' Job controller says it in an Event, and our
// controller repeats it in the status.
func podsRefused(o *Observation) (verdict, bool) {
	if o.ended() || o.waitingPod() != nil {
		return verdict{}, false
	}
	why, found := jobspec.RefusalIn(o.Execution.Status.Message)
	if e := o.eventOf("Job", "FailedCreate"); !found && e != nil && o.last() == nil && !o.unread(FromPod) {
		why, found = jobspec.WhyRefused(e.Message), true
	}
	if !found {
		return verdict{}, false
	}
	return verdict{
		ReasonPodsRefused,
		"It does not run because its Job cannot create a pod" + because(why) + ".",
		"Free some of the quota, or fix the policy or service account that prevents it. The Job retries by itself.",
	}, true
}

// jobLost says that somebody deleted the Job.
func jobLost(o *Observation) (verdict, bool) {
	if !o.hasFailed(v1alpha1.ReasonJobLost) {
		return verdict{}, false
	}
	return verdict{
		v1alpha1.ReasonJobLost,
		"It failed because somebody deleted its Job" + because(o.Execution.Status.Message) + ".",
		"It is unknown how far it got. Check what it has done before you run it again. To stop a run, cancel it instead of deleting its Job.",
	}, true
}

// jobFacts are the counts and conditions of the Job.
func jobFacts(o *Observation) (facts []Fact) {
	recorded := o.Execution.Status.Job
	if o.Job == nil {
		if recorded != nil && !o.unread(FromJob) {
			return []Fact{{FromJob, recorded.Name, time.Time{}, "it no longer exists"}}
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
