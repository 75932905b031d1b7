// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"fmt"
	"strings"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/phrases"
)

// maxNamed bounds how many active runs are named.
const maxNamed = 5

// queued says which limit a run waits for, how many runs are ahead of it and which are active.
func queued(o *Observation) (verdict, bool) {
	status := &o.Execution.Status
	if _, is := withoutJob[status.Reason]; is {
		return verdict{}, false // something else comes first; the run keeps its place in the queue
	}
	if status.Phase != v1alpha1.PhaseQueued || status.Queue == nil || status.Queue.BlockedBy == v1alpha1.BlockedByJob {
		return verdict{}, false
	}
	task := o.Execution.Spec.TaskRef.Name
	switch {
	case status.Queue.BlockedBy == v1alpha1.BlockedByNamespace:
		return verdict{
			v1alpha1.ReasonNamespaceLimit,
			sayNamespaceFull.With(clauseThen.With(o.placeOfTask())),
			adviseNamespaceLimit.With(),
		}, true
	case status.Queue.BlockedBy == v1alpha1.BlockedByController:
		return verdict{
			v1alpha1.ReasonControllerLimit,
			sayClusterFull.With(clauseThen.With(o.placeOfTask())),
			adviseClusterLimit.With(),
		}, true
	case status.Reason == v1alpha1.ReasonReplacing:
		return verdict{
			v1alpha1.ReasonReplacing,
			sayReplacing.With(task, o.activeNames()),
			none,
		}, true
	default:
		limit := none
		if o.Task != nil && o.Task.Spec.MaxRunning() > 0 {
			limit = clauseAtMost.With(o.Task.Spec.MaxRunning())
		}
		return verdict{
			v1alpha1.ReasonConcurrencyLimit,
			sayTaskFull.With(task, limit, clauseThen.With(o.place()), o.activeNames()),
			adviseTaskLimit.With(),
		}, true
	}
}

// ahead counts the runs of the task that wait for a place and get one before this run.
func (o *Observation) ahead() int { return o.Census.Ahead(o.Execution) }

// active returns the names of the oldest runs of the task that have a place, at most maxNamed of them, and how many
// have one. The oldest are likely to end next.
func (o *Observation) active() (names phrases.Text, named, n int) {
	for _, x := range o.Census.Active {
		if x.UID == o.Execution.UID {
			continue
		}
		if n++; named < maxNamed {
			names, named = phrases.Join(clauseComma, names, phrases.Verbatim(fmt.Sprintf("%q", x.Name))), named+1
		}
	}
	return names, named, n
}

// place says how many queued runs are ahead of this one.
func (o *Observation) place() phrases.Text {
	if n := o.ahead(); n > 0 {
		return areAhead(n)
	}
	return clauseNext.With()
}

// placeOfTask is place for a run that waits for a limit over all tasks.
func (o *Observation) placeOfTask() phrases.Text {
	switch n := o.ahead(); n {
	case 0:
		return clauseNextOfTask.With()
	case 1:
		return clauseOneOfTask.With()
	default:
		return clauseAheadTask.With(n)
	}
}

func areAhead(n int) phrases.Text {
	if n == 1 {
		return clauseOneAhead.With()
	}
	return clauseAhead.With(n)
}

// activeNames returns a clause with the names of the task's active runs, empty if there are none.
func (o *Observation) activeNames() phrases.Text {
	names, named, n := o.active()
	switch {
	case n == 0:
		return none
	case n == 1:
		return clauseActive.With(names)
	case n > named:
		return clauseMoreActive.With(names, n-named)
	default:
		return clauseActives.With(names)
	}
}

// blockers are the words for what has a limit.
var blockers = map[v1alpha1.QueueBlocker]*phrases.Phrase{
	v1alpha1.BlockedByTask: tellTask, v1alpha1.BlockedByNamespace: tellNamespace, v1alpha1.BlockedByController: tellController,
}

// queueFacts returns the facts of a queued run. It omits runs whose Job is suspended, because these wait for no limit.
func queueFacts(o *Observation) (facts []Fact) {
	q := o.Execution.Status.Queue
	if q == nil || o.Execution.Status.Phase != v1alpha1.PhaseQueued || q.BlockedBy == v1alpha1.BlockedByJob {
		return nil
	}
	limit := phrases.Verbatim(strings.ToLower(string(q.BlockedBy)))
	if known := blockers[q.BlockedBy]; known != nil {
		limit = known.With()
	}
	facts = append(facts, Fact{Source: FromQueue, Text: tellQueue.With(areAhead(o.ahead()), limit)})
	if names, _, n := o.active(); n > 0 {
		facts = append(facts, Fact{Source: FromQueue, Text: tellActiveRuns.With(n, names)})
	}
	return facts
}
