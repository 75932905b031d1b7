// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
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
		v.sentence, v.advice = sayKueueStopped.With(queue), also(adviseKueue.With(), adviseBeginning.With())
	case queue != "":
		v.sentence, v.advice = sayKueueWaits.With(queue), adviseKueue.With()
	case stopped:
		v.sentence, v.advice = sayStoppedByJob.With(), also(adviseResume.With(), adviseBeginning.With())
	default:
		v.sentence, v.advice = sayJobSuspended.With(because(status.Message)), adviseResume.With()
	}
	return v, true
}

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
	return verdict{ReasonPodsRefused, sayPodsRefused.With(because(why)), adviseQuota.With()}, true
}

// jobLost says that somebody deleted the Job.
func jobLost(o *Observation) (verdict, bool) {
	if !o.hasFailed(v1alpha1.ReasonJobLost) {
		return verdict{}, false
	}
	return verdict{v1alpha1.ReasonJobLost, sayJobLost.With(because(o.Execution.Status.Message)), adviseJobLost.With()}, true
}

// jobFacts are the counts and conditions of the Job.
func jobFacts(o *Observation) (facts []Fact) {
	recorded := o.Execution.Status.Job
	if o.Job == nil {
		if recorded != nil && !o.unread(FromJob) {
			return []Fact{{FromJob, recorded.Name, time.Time{}, tellJobGone.With()}}
		}
		return nil
	}
	name, status := o.Job.Name, &o.Job.Status
	text := tellJobPods.With(status.Active, status.Succeeded, status.Failed)
	if limit := o.Job.Spec.BackoffLimit; limit != nil {
		text = tellJobPodsOf.With(status.Active, status.Succeeded, status.Failed, *limit)
	}
	facts = append(facts, Fact{FromJob, name, o.Job.CreationTimestamp.Time, text})
	if o.Job.Spec.Suspend != nil && *o.Job.Spec.Suspend {
		facts = append(facts, Fact{FromJob, name, time.Time{}, tellJobSuspended.With()})
	}
	for _, kind := range []batchv1.JobConditionType{batchv1.JobComplete, batchv1.JobFailed} {
		if c := jobspec.TrueCondition(o.Job, kind); c != nil {
			facts = append(facts, Fact{FromJob, name, c.LastTransitionTime.Time, tellCondition.With(kind, reasonIn(c.Reason), because(c.Message))})
		}
	}
	return facts
}
