// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package taskexecution

import (
	"context"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/lifecycle"
)

// The controller's log has each decision about a run: a grep for the run's name finds them. Decisions are logged at
// V(1), steps at V(2). Messages are constant. No message of a status or of the API server is logged, because it may
// quote params.

// logOf returns the logger of an execution.
func logOf(ctx context.Context, key types.NamespacedName) logr.Logger {
	return ctrl.LoggerFrom(ctx).WithValues("execution", klog.KRef(key.Namespace, key.Name))
}

// logChange logs what is new in a written status.
func logChange(log logr.Logger, before, after *v1alpha1.TaskExecution) {
	was, is := &before.Status, &after.Status
	if phaseOf(was) != is.Phase || was.Reason != is.Reason {
		values := []any{"task", klog.KRef(after.Namespace, after.Spec.TaskRef.Name), "phase", is.Phase, "reason", is.Reason}
		if is.Job != nil {
			values = append(values, "job", klog.KRef(after.Namespace, is.Job.Name))
		}
		if is.Phase.IsTerminal() {
			values = append(values, "attempts", is.Attempts, "duration", is.Duration)
		}
		if is.ExitCode != nil {
			values = append(values, "exitCode", *is.ExitCode)
		}
		log.V(1).Info(changeMessage(is), values...)
	}
	if s := is.LogSummary; s != nil && lifecycle.LogIsFinal(after) && !lifecycle.LogIsFinal(before) {
		log.V(1).Info("The log is final", "archived", s.Archived, "complete", s.Complete, "entries", s.Entries)
	}
}

// changeMessage returns the constant message for a status.
func changeMessage(s *v1alpha1.TaskExecutionStatus) string {
	switch {
	case s.Reason == v1alpha1.ReasonJobLost, s.Reason == v1alpha1.ReasonNodeLost:
		return "The run was lost"
	case s.Phase == v1alpha1.PhaseCompleted:
		return "The run completed"
	case s.Phase == v1alpha1.PhaseFailed:
		return "The run failed"
	case s.Phase == v1alpha1.PhaseCancelled:
		return "The run was cancelled"
	case s.Phase == v1alpha1.PhaseCancelling:
		return "The run is being cancelled"
	case s.Phase == v1alpha1.PhaseQueued:
		return "The run waits in the queue"
	case s.Reason == v1alpha1.ReasonRetrying:
		return "The run is retried"
	case s.Phase == v1alpha1.PhaseRunning:
		return "The run is running"
	default:
		return "The run waits to start"
	}
}
