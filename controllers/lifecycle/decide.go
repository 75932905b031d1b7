// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// verdict is a rule's result for the phase, reason and message.
type verdict struct {
	phase   v1alpha1.Phase
	reason  string
	message string
}

// step is what a rule wants to do. An empty verdict leaves the phase as it is.
type step struct {
	verdict
	// queue says what a Queued run waits for.
	queue     *v1alpha1.QueueStatus
	replace   []types.NamespacedName
	create    *batchv1.Job
	askPlace  bool
	end       []*corev1.Pod
	endReason string
	deleteJob bool
	requeue   time.Duration
	// hold writes no status yet: one half of a change was seen, and the other half comes soon.
	hold bool
}

// rule decides, or returns false to leave the decision to the next rule.
type rule func(*Observation, facts) (step, bool)

// rules are in order. The first rule that decides ends the search.
var rules = []rule{
	deleted,      // an execution that is being deleted is left alone: its dependents go with it
	ended,        // terminal is terminal: only the log and the leftovers remain
	restoredCopy, // a copy of a run is not run, whatever its status says
	lost,         // a Job that is gone is not created again, whatever else was requested
	cancelled,    // a cancel beats every outcome that is not recorded yet
	tooLate,      // a run that may no longer start needs no place and no space in the backlog
	backlogFull,  // a run that has to wait needs space in the backlog of its namespace
	start,        // a run without a Job waits, or its Job is created
	finished,     // the Job's own condition comes before our clocks
	nodeLost,     // nobody will report how it ended
	timedOut,     // a clock has expired
	heldJob,      // a suspended Job waits, and most clocks are stopped
	counting,     // a pod has ended, and its Job is about to count it
	progress,     // otherwise report the progress
}

// Decide returns what to do about an execution and what status to report.
func Decide(o Observation) Plan {
	f := gather(&o)
	for _, r := range rules {
		if s, decided := r(&o, f); decided {
			return s.plan(&o, f)
		}
	}
	return Plan{Status: unchanged(&o)} // not reached: progress always decides
}

func (s step) plan(o *Observation, f facts) Plan {
	p := Plan{Create: s.create, AskPlace: s.askPlace, End: s.end, EndReason: s.endReason, Replace: s.replace, DeleteJob: s.deleteJob, Requeue: s.requeue}
	if s.hold {
		p.Status = unchanged(o)
		recordVanishingPods(o, f, &p.Status)
		return p
	}
	p.Status = report(o, f, s.verdict)
	if !p.Status.Phase.IsTerminal() {
		p.Requeue = beforeNotAfter(o, f, p.Requeue)
	}
	p.Status.Queue = s.queue
	return p
}

// unchanged returns the status as it was read. Logs and result stay nil, because the cache of executions lacks them.
func unchanged(o *Observation) v1alpha1.TaskExecutionStatus {
	status := *o.Execution.Status.DeepCopy()
	status.Logs, status.Result = nil, nil
	return status
}

// deleted leaves an execution alone that is being deleted. The garbage collector removes its Job and pods. A Job
// created now would stay behind.
func deleted(o *Observation, _ facts) (step, bool) {
	return step{hold: true}, o.Execution.DeletionTimestamp != nil
}
