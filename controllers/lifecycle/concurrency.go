// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/census"
	"github.com/taskexec/taskexec/controllers/queue"
)

// waitForPlace decides about a run that has no place yet. A Queued run was accepted before and is never refused.
func waitForPlace(o *Observation, f facts) step {
	p, accepted := o.Queue, o.Execution.Status.Phase == v1alpha1.PhaseQueued
	v := p.Judge(accepted)
	switch v.Reason {
	case v1alpha1.ReasonConcurrencyForbidden:
		return fail(v.Reason, fmt.Sprintf("task %q runs %d at once and forbids more (spec.concurrency)%s", o.Task.Name, p.Limit, others(p.Active)))
	case v1alpha1.ReasonQueueFull:
		return fail(v.Reason, fmt.Sprintf("the queue of task %q is full: %d may wait (spec.concurrency.maxQueued)", o.Task.Name, p.Rules.MaxQueued))
	}
	s := step{verdict: verdict{v1alpha1.PhaseQueued, v.Reason, waitMessage(o, v)}, replace: p.Replaces}
	s.requeue = f.clocks.next(o.Now)
	s.queue = &v1alpha1.QueueStatus{Position: int32(p.Position), BlockedBy: v.BlockedBy} //nolint:gosec // bounded by what fits into memory
	if old := o.Execution.Status.Queue; accepted && old != nil && old.BlockedBy == v.BlockedBy &&
		o.Execution.Status.Reason == s.reason && !queue.Advanced(int(old.Position), p.Position) {
		// Keep the old message: otherwise each run of a long queue would be written at each step.
		s.queue, s.message = old, o.Execution.Status.Message
	}
	return s
}

// waitMessage says which limit a run waits for.
func waitMessage(o *Observation, v census.Verdict) string {
	p, task := o.Queue, o.Task.Name
	switch v.Reason {
	case v1alpha1.ReasonNamespaceLimit:
		return fmt.Sprintf("position %d in the queue of task %q: namespace %q runs %d at once (--max-running-per-namespace)",
			p.Position, task, o.Execution.Namespace, p.Limit)
	case v1alpha1.ReasonControllerLimit:
		return fmt.Sprintf("position %d in the queue of task %q: the controller runs %d at once (--max-running)", p.Position, task, p.Limit)
	case v1alpha1.ReasonReplacing:
		return fmt.Sprintf("it starts when the runs that it replaces have ended%s", others(p.Active))
	default:
		return fmt.Sprintf("position %d in the queue of task %q, which runs %d at once%s", p.Position, task, p.Limit, others(p.Active))
	}
}

// others names the active runs.
func others(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return ": " + strings.Join(names, ", ")
}

// EndsUnstarted reports whether a run without a phase is about to be refused. Then the API server must be asked whether
// the run has a Job.
func EndsUnstarted(o *Observation) bool {
	f := gather(o)
	_, copied := restoredCopy(o, f)
	_, late := tooLate(o, f)
	if o.Task == nil {
		return copied || late
	}
	_, lost := undecodable(o)
	_, refused := suspendedTask(o)
	_, over := queueTimedOut(o, f)
	return copied || late || lost || refused || over
}

// Lingers reports whether a container of a run that has ended, or is about to, may still run, and for how long to
// assume so. This happens if somebody deleted its Job, or if its node does not answer. A pod that was idle when it was told to
// end also counts: its node may have started a container before it read that.
func Lingers(o *Observation, status *v1alpha1.TaskExecutionStatus) (left time.Duration, lingers bool) {
	if status.CompletionTime == nil {
		return 0, false
	}
	for _, pod := range o.Pods {
		if !PodMayRun(pod) {
			continue
		}
		if rest := status.CompletionTime.Add(gracePeriod(pod) + giveUpMargin).Sub(o.Now); rest > left {
			left, lingers = rest, true
		}
	}
	return left, lingers
}

// ReplacedBy returns the cancel of an execution that is replaced by another one.
func ReplacedBy(by types.NamespacedName) *v1alpha1.CancelRequest {
	return &v1alpha1.CancelRequest{Reason: fmt.Sprintf("replaced by %s", by.Name), RequestedBy: "the concurrency policy Replace"}
}
