package explain

import (
	"github.com/taskexec/taskexec/api/v1alpha1"
)

// refusals are what could not be started as it was asked for, with what to do.
var refusals = map[string]string{
	v1alpha1.ReasonInvalidParams:          "Run it again with params that the Task takes; GET /tasks/{taskName} shows their schema.",
	v1alpha1.ReasonSensitiveParamReadable: "Change the value where it is used, and send it over REST or in a Secret.",
	v1alpha1.ReasonSecretNotFound:         "Make the Secret, with the label that lets runs use it, or send the params over REST, and run it again.",
	v1alpha1.ReasonInvalidTask:            "Mend spec.parameters of the Task, and run it again.",
	v1alpha1.ReasonInvalidJobTemplate:     "Mend spec.jobTemplate of the Task, and run it again.",
	v1alpha1.ReasonNotAllowedByTask:       "Run it again without what the Task does not allow, or change spec.maxTimeout or spec.allowedQueues of the Task.",
	v1alpha1.ReasonNameConflict:           "Remove the Job that is in the way, if nobody needs it, and run it again.",
	v1alpha1.ReasonConcurrencyForbidden:   "Wait until the others have ended, or change spec.concurrency of the Task.",
	v1alpha1.ReasonQueueFull:              "Wait until there is a place, or raise spec.concurrency.maxQueued of the Task.",
	v1alpha1.ReasonNamespaceQueueFull:     "Wait until runs of the namespace have started, or cancel some, and run it again; pass large data by its address. The limits are flags of the controller.",
	v1alpha1.ReasonTaskSuspended:          "Set spec.suspended of the Task to false, and run it again.",
	v1alpha1.ReasonTaskNotFound:           "Make the Task, and run it again.",
	v1alpha1.ReasonJobRefused:             "Make room in the quota, or mend the policy that is in the way, and run it again.",
}

// refused says why a run that failed was never started.
func refused(o *Observation) (verdict, bool) {
	status := &o.Execution.Status
	advice, is := refusals[status.Reason]
	if !is || !o.hasFailed() {
		return verdict{}, false
	}
	return verdict{status.Reason, "It failed before anything was started" + because(status.Message) + ".", advice}, true
}

// withoutJob are the reasons for which a run that waits has no Job yet, with what to do.
var withoutJob = map[string]string{
	v1alpha1.ReasonTaskNotFound:   "Make the Task; the run is started then, unless its start timeout is over before.",
	v1alpha1.ReasonSecretNotFound: "Make the Secret, with the keys that the execution names and the label that lets runs use it; the run is started then, unless its start timeout is over before.",
	v1alpha1.ReasonJobRefused:     "Make room in the quota, or mend the policy that is in the way; it is tried again every few seconds until the start timeout is over.",
}

// noJob says what keeps the controller from making the Job.
func noJob(o *Observation) (verdict, bool) {
	status := &o.Execution.Status
	advice, is := withoutJob[status.Reason]
	if !is || status.Phase != v1alpha1.PhasePending && status.Phase != v1alpha1.PhaseQueued {
		return verdict{}, false
	}
	return verdict{status.Reason, "It is not started yet" + because(status.Message) + ".", advice}, true
}
