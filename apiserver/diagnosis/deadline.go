// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/phrases"
)

// overdue says which timeout ended the run. The message has its length and what the run last waited for.
func overdue(o *Observation) (verdict, bool) {
	v := verdict{reason: o.Execution.Status.Reason}
	switch {
	case o.hasFailed(v1alpha1.ReasonDeadlineExceeded):
		v.advice = adviseTimeout.With()
	case o.hasFailed(v1alpha1.ReasonStartTimeout):
		v.advice = adviseStartTimeout.With()
	case o.hasFailed(v1alpha1.ReasonQueueTimeout):
		v.advice = adviseQueueTimeout.With()
	default:
		return verdict{}, false
	}
	v.sentence = sayOverdue.With(because(o.Execution.Status.Message))
	return v, true
}

// templateLimits are the reasons for which a limit in the Task's jobTemplate ends a run, with the advice. Another
// attempt would end in the same way.
var templateLimits = map[string]*phrases.Phrase{
	v1alpha1.ReasonPodDeadlineExceeded:  advisePodDeadline,
	v1alpha1.ReasonJobDeadlineExceeded:  adviseJobDeadline,
	v1alpha1.ReasonStorageLimitExceeded: adviseStorage,
	v1alpha1.ReasonProbeFailed:          adviseProbe,
}

// templateLimit says which limit of the Task's jobTemplate ended the run.
func templateLimit(o *Observation) (verdict, bool) {
	status := &o.Execution.Status
	advice, is := templateLimits[status.Reason]
	if !is || !o.hasFailed() {
		return verdict{}, false
	}
	return verdict{status.Reason, sayOverLimit.With(because(status.Message)), advice.With()}, true
}
