// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"strings"
	"testing"

	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestQueued(t *testing.T) {
	const waits, active = v1alpha1.PhaseQueued, v1alpha1.PhaseRunning
	of := func(by v1alpha1.QueueBlocker, reason string) *observed {
		return run(waits, reason, "").with(func(o *observed) {
			o.Execution.Status.Queue = &v1alpha1.QueueStatus{BlockedBy: by, Position: 9}
			o.Task.Spec.Concurrency = &v1alpha1.ConcurrencySpec{Policy: v1alpha1.ConcurrencyQueue, MaxRunning: ptr.To[int32](2)}
		})
	}
	task := func() *observed { return of(v1alpha1.BlockedByTask, v1alpha1.ReasonConcurrencyLimit) }
	itself := func(o *observed) { o.counts(o.Execution) }
	younger := func(o *observed) { o.Census.Waiting[0].CreationTimestamp = ago(0) }
	const limit = v1alpha1.ReasonConcurrencyLimit
	ask(t, queued, map[string]asked{
		"it runs":              {run(active, "", ""), silent},
		"its Job is held":      {of(v1alpha1.BlockedByJob, v1alpha1.ReasonJobSuspended), silent},
		"the next":             {task().with(itself), says{limit, `for the task "sync", which runs at most 2 at once; it is the next run.`, "spec.concurrency"}},
		"one before it":        {task().others(waits, active), says{limit, `; 1 run is ahead of it; the active run is "other-b".`, ""}},
		"one came later":       {task().others(waits, active).with(younger), says{limit, `; it is the next run; the active run is "other-b".`, ""}},
		"several":              {task().others(waits, waits, active, active, ""), says{limit, `; 3 runs are ahead of it; the active runs are "other-d", "other-c".`, ""}},
		"many are active":      {task().others(active, active, active, active, active, active, active), says{limit, `"other-c" and 2 more.`, ""}},
		"the task is gone":     {task().with(func(o *observed) { o.Task = nil }), says{limit, `the task "sync"; it is the next run.`, ""}},
		"the namespace's":      {of(v1alpha1.BlockedByNamespace, v1alpha1.ReasonNamespaceLimit), says{v1alpha1.ReasonNamespaceLimit, "its namespace has as many active runs as allowed; it is the next run of its task.", "--max-running-per-namespace"}},
		"the controller's":     {of(v1alpha1.BlockedByController, v1alpha1.ReasonControllerLimit).others(waits), says{v1alpha1.ReasonControllerLimit, "the cluster has as many active runs as allowed; 1 run of its task is ahead of it.", "--max-running"}},
		"it replaces another":  {of(v1alpha1.BlockedByTask, v1alpha1.ReasonReplacing).others(v1alpha1.PhaseCancelling), says{v1alpha1.ReasonReplacing, `of the task "sync" that it replaces; the active run is "other-a".`, ""}},
		"nothing was recorded": {run(waits, "", ""), silent},
	})
	if got := Of(task().others(waits, active).Observation); !strings.Contains(textOf(got), "1 run is ahead of it; the limit of the task is reached") {
		t.Errorf("the facts lack the queue: %s", textOf(got))
	}
}

// A run that was queued when its Task was deleted keeps its place. The explanation is about the missing Task.
func TestCase28ExplainOfAQueuedRunWithoutItsTask(t *testing.T) {
	waits := run(v1alpha1.PhaseQueued, v1alpha1.ReasonTaskNotFound, `task "sync" does not exist`)
	waits.Execution.Status.Queue = &v1alpha1.QueueStatus{Position: 7, BlockedBy: v1alpha1.BlockedByTask}
	ask(t, queued, map[string]asked{"it waits for its task": {waits, silent}})
	ask(t, noJob, map[string]asked{"it waits for its task": {waits, says{v1alpha1.ReasonTaskNotFound, `task "sync" does not exist.`, "Create the Task"}}})
}
