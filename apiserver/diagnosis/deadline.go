// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"github.com/taskexec/taskexec/api/v1alpha1"
)

// overdue says which timeout ended the run. The message has its length and what the run last waited for.
func overdue(o *Observation) (verdict, bool) {
	v := verdict{reason: o.Execution.Status.Reason}
	switch {
	case o.hasFailed(v1alpha1.ReasonDeadlineExceeded):
		v.advice = "Raise timeout of the Task, or find out from the log what took so long."
	case o.hasFailed(v1alpha1.ReasonStartTimeout):
		v.advice = "Fix what it waited for, or raise startTimeout of the Task."
	case o.hasFailed(v1alpha1.ReasonQueueTimeout):
		v.advice = "Raise queueTimeout or concurrency.maxRunning of the Task, or start fewer runs."
	default:
		return verdict{}, false
	}
	v.sentence = "It failed because its time ran out" + because(o.Execution.Status.Message) + "."
	return v, true
}

// templateLimits are the reasons for which a limit in the Task's jobTemplate ends a run, with the advice. Another
// attempt would end in the same way.
var templateLimits = map[string]string{
	v1alpha1.ReasonPodDeadlineExceeded: "Raise or remove spec.template.spec.activeDeadlineSeconds in the Task's jobTemplate. To limit the run, use timeout of the Task.",
	v1alpha1.ReasonJobDeadlineExceeded: "Raise or remove spec.activeDeadlineSeconds in the Task's jobTemplate. To limit the run, use timeout of the Task.",
	v1alpha1.ReasonStorageLimitExceeded: "Raise resources.limits.ephemeral-storage of the container, or the sizeLimit of the emptyDir, in the Task's jobTemplate, " +
		"or make the program write less.",
	v1alpha1.ReasonProbeFailed: "Check livenessProbe, startupProbe and lifecycle.postStart in the Task's jobTemplate, and what the program answers.",
}

// templateLimit says which limit of the Task's jobTemplate ended the run.
func templateLimit(o *Observation) (verdict, bool) {
	status := &o.Execution.Status
	advice, is := templateLimits[status.Reason]
	if !is || !o.hasFailed() {
		return verdict{}, false
	}
	return verdict{status.Reason, "It failed because it reached a limit in its Task's jobTemplate" + because(status.Message) + ".", advice}, true
}
