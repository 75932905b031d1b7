// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"github.com/taskexec/taskexec/api/v1alpha1"
)

// refusals are the reasons for which a run fails before it starts, with the advice.
var refusals = map[string]string{
	v1alpha1.ReasonInvalidParams:          "Run it again with params that match the Task's schema; GET /tasks/{taskName} shows it.",
	v1alpha1.ReasonSensitiveParamReadable: "Change the value wherever it is used, because it could be read. Send the new one over the REST API or in a Secret.",
	v1alpha1.ReasonSecretNotFound:         "Create the Secret, with the label that lets runs use it, or send the params over the REST API. Then run it again.",
	v1alpha1.ReasonInvalidTask:            "Fix spec.parameters of the Task, then run it again.",
	v1alpha1.ReasonInvalidJobTemplate:     "Fix spec.jobTemplate of the Task, then run it again.",
	v1alpha1.ReasonNotAllowedByTask:       "Run it again without what the Task does not allow, or change spec.maxTimeout or spec.allowedQueues of the Task.",
	v1alpha1.ReasonNameConflict:           "Delete the Job that has the name, if nobody needs it, then run it again.",
	v1alpha1.ReasonConcurrencyForbidden:   "Wait until the other runs have ended, or change spec.concurrency of the Task.",
	v1alpha1.ReasonQueueFull:              "Wait until the queue has room, or raise spec.concurrency.maxQueued of the Task.",
	v1alpha1.ReasonNamespaceQueueFull:     "Wait until queued runs of the namespace have started, or cancel some. Then run it again. Pass a reference to large data, not the data. The limits are flags of the controller.",
	v1alpha1.ReasonRestoredCopy:           "Nothing is wrong: the record came from a backup, another cluster, or kubectl get and apply. To run the Task again, POST /tasks/executions/{executionId}/rerun.",
	v1alpha1.ReasonStartDeadlineExceeded:  "Run it again with a later spec.notAfter, or without one.",
	v1alpha1.ReasonTaskSuspended:          "Set spec.suspended of the Task to false, then run it again.",
	v1alpha1.ReasonTaskNotFound:           "Create the Task, then run it again.",
	v1alpha1.ReasonJobRefused:             "Free some of the quota, or fix the policy that rejects the Job, then run it again.",
}

// refused says why a run failed before it started.
func refused(o *Observation) (verdict, bool) {
	status := &o.Execution.Status
	advice, is := refusals[status.Reason]
	if !is || !o.hasFailed() {
		return verdict{}, false
	}
	return verdict{status.Reason, "It failed before it started" + because(status.Message) + ".", advice}, true
}

// withoutJob are the reasons for which a run waits without a Job, with the advice.
var withoutJob = map[string]string{
	v1alpha1.ReasonTaskNotFound:   "Create the Task. The run starts then, unless startTimeout ends it first.",
	v1alpha1.ReasonSecretNotFound: "Create the Secret, with the keys that the execution names and the label that lets runs use it. The run starts then, unless startTimeout ends it first.",
	v1alpha1.ReasonJobRefused:     "Free some of the quota, or fix the policy that rejects the Job. The controller retries every few seconds until startTimeout ends the run.",
}

// noJob says what keeps the controller from creating the Job.
func noJob(o *Observation) (verdict, bool) {
	status := &o.Execution.Status
	advice, is := withoutJob[status.Reason]
	if !is || status.Phase != v1alpha1.PhasePending && status.Phase != v1alpha1.PhaseQueued {
		return verdict{}, false
	}
	return verdict{status.Reason, "It has not started yet" + because(status.Message) + ".", advice}, true
}
