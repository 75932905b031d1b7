// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/phrases"
)

// refusals are the reasons for which a run fails before it starts, with the advice.
var refusals = map[string]*phrases.Phrase{
	v1alpha1.ReasonInvalidParams:          adviseParams,
	v1alpha1.ReasonSensitiveParamReadable: adviseReadable,
	v1alpha1.ReasonSecretNotFound:         adviseSecretAgain,
	v1alpha1.ReasonInvalidTask:            adviseSchema,
	v1alpha1.ReasonInvalidJobTemplate:     adviseTemplate,
	v1alpha1.ReasonNotAllowedByTask:       adviseNotAllowed,
	v1alpha1.ReasonNameConflict:           adviseConflict,
	v1alpha1.ReasonConcurrencyForbidden:   adviseForbidden,
	v1alpha1.ReasonQueueFull:              adviseQueueFull,
	v1alpha1.ReasonNamespaceQueueFull:     adviseBacklogFull,
	v1alpha1.ReasonRestoredCopy:           adviseRestored,
	v1alpha1.ReasonStartDeadlineExceeded:  adviseNotAfter,
	v1alpha1.ReasonTaskSuspended:          adviseSuspended,
	v1alpha1.ReasonTaskNotFound:           adviseTaskAgain,
	v1alpha1.ReasonJobRefused:             adviseQuotaAgain,
}

// refused says why a run failed before it started.
func refused(o *Observation) (verdict, bool) {
	status := &o.Execution.Status
	advice, is := refusals[status.Reason]
	if !is || !o.hasFailed() {
		return verdict{}, false
	}
	return verdict{status.Reason, sayRefused.With(because(status.Message)), advice.With()}, true
}

// withoutJob are the reasons for which a run waits without a Job, with the advice.
var withoutJob = map[string]*phrases.Phrase{
	v1alpha1.ReasonTaskNotFound:   adviseTask,
	v1alpha1.ReasonSecretNotFound: adviseSecret,
	v1alpha1.ReasonJobRefused:     adviseJobRefused,
}

// noJob says what keeps the controller from creating the Job.
func noJob(o *Observation) (verdict, bool) {
	status := &o.Execution.Status
	advice, is := withoutJob[status.Reason]
	if !is || status.Phase != v1alpha1.PhasePending && status.Phase != v1alpha1.PhaseQueued {
		return verdict{}, false
	}
	return verdict{status.Reason, sayNotStartedYet.With(because(status.Message)), advice.With()}, true
}
