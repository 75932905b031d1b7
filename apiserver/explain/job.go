package explain

import (
	"fmt"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

// heldJob says who holds the Job suspended.
func heldJob(o *Observation) (verdict, bool) {
	status := &o.Execution.Status
	if status.Phase != v1alpha1.PhaseQueued || status.Reason != v1alpha1.ReasonJobSuspended {
		return verdict{}, false
	}
	queue, stopped := "", status.Suspension != nil && status.Suspension.Since != nil
	if o.Job != nil {
		queue = o.Job.Labels[v1alpha1.LabelKueueQueue]
	}
	if queue != "" && stopped {
		return verdict{
			v1alpha1.ReasonJobSuspended,
			fmt.Sprintf("It was stopped while it ran, and waits: Kueue took back its admission from the queue %q.", queue),
			"kubectl describe workloads shows what Kueue waits for. It starts again from its beginning; what it waits does not count for its timeout.",
		}, true
	}
	if queue != "" {
		return verdict{
			v1alpha1.ReasonJobSuspended,
			fmt.Sprintf("It waits for Kueue, which has not admitted its Job from the queue %q yet.", queue),
			"kubectl describe workloads shows what Kueue waits for.",
		}, true
	}
	if stopped {
		return verdict{
			v1alpha1.ReasonJobSuspended,
			"It waits because its Job was suspended while it ran, which ended its pods.",
			"Whoever suspended the Job can let it go: spec.suspend: false. It starts again from its beginning; what it waits does not count for its timeout.",
		}, true
	}
	return verdict{
		v1alpha1.ReasonJobSuspended,
		"It waits because its Job is suspended" + because(status.Message) + ".",
		"Whoever suspended the Job can let it go: spec.suspend: false.",
	}, true
}

// podsRefused says why the Job cannot make its pod. The Job controller says it in an Event, and ours repeats it in the
// status.
func podsRefused(o *Observation) (verdict, bool) {
	if o.ended() || o.waitingPod() != nil {
		return verdict{}, false
	}
	_, why, found := strings.Cut(o.Execution.Status.Message, "FailedCreate: ")
	if e := o.eventOf("Job", "FailedCreate"); !found && e != nil && o.last() == nil && !o.unread(FromPod) {
		found = true
		if _, why, _ = strings.Cut(e.Message, " is forbidden: "); why == "" {
			why = e.Message
		}
	}
	if !found {
		return verdict{}, false
	}
	return verdict{
		ReasonPodsRefused,
		"It does not run because its Job may not make a pod" + because(why) + ".",
		"Make room in the quota, or mend the policy or service account that is in the way; the Job tries again by itself.",
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
		"How far it came cannot be known. Look at what it has done before you run it again, and cancel runs instead of deleting their Jobs.",
	}, true
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
