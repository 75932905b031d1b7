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

// verdict is what a rule says of where the execution stands.
type verdict struct {
	phase   v1alpha1.Phase
	reason  string
	message string
}

// step is what a rule wants to be done. An empty verdict leaves the phase as it is.
type step struct {
	verdict
	// queue is what a Queued run waits for.
	queue     *v1alpha1.QueueStatus
	replace   []types.NamespacedName
	create    *batchv1.Job
	askPlace  bool
	end       []*corev1.Pod
	endReason string
	deleteJob bool
	requeue   time.Duration
	// hold reports nothing: half of something was seen, and the other half comes soon.
	hold bool
}

// rule decides, or leaves the decision to the next one.
type rule func(*Observation, facts) (step, bool)

// rules in the order in which they are asked. The first that decides ends the search.
var rules = []rule{
	deleted,    // nothing is done for an execution that is going away: its dependents go with it
	ended,      // terminal is terminal: only the log and the leftovers remain
	lost,       // a Job that is gone is not made again, whatever else was asked
	cancelled,  // a cancel beats every outcome that is not recorded yet
	crowdedOut, // a run that has to wait needs room for that in its namespace
	start,      // without a Job, a run waits, or its Job is made
	finished,   // the Job's own word beats our clocks: what is done is done
	nodeLost,   // nobody will say how it ended
	timedOut,   // a clock has struck
	heldJob,    // a suspended Job waits, and most clocks stand still
	counting,   // a pod has ended and its Job is about to say what follows
	progress,   // otherwise, where it stands
}

// Decide returns what is to be done about an execution and what to report of it.
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
		witness(o, f, &p.Status)
		return p
	}
	p.Status = report(o, f, s.verdict)
	p.Status.Queue = s.queue
	return p
}

// unchanged returns the status as it was read. Logs and result stay nil: the cache of executions has none.
func unchanged(o *Observation) v1alpha1.TaskExecutionStatus {
	status := *o.Execution.Status.DeepCopy()
	status.Logs, status.Result = nil, nil
	return status
}

// deleted leaves an execution alone that is being deleted: the garbage collector removes its Job and pods, and a Job that is
// created now would stay.
func deleted(o *Observation, _ facts) (step, bool) {
	return step{hold: true}, o.Execution.DeletionTimestamp != nil
}
