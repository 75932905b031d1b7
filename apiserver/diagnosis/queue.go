// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"fmt"
	"strings"

	"github.com/taskexec/taskexec/api/v1alpha1"
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
			"It is queued because its namespace has as many active runs as allowed" + o.place(" of its task") + ".",
			"It starts when other runs end. The limit is the controller's flag --max-running-per-namespace.",
		}, true
	case status.Queue.BlockedBy == v1alpha1.BlockedByController:
		return verdict{
			v1alpha1.ReasonControllerLimit,
			"It is queued because the cluster has as many active runs as allowed" + o.place(" of its task") + ".",
			"It starts when other runs end. The limit is the controller's flag --max-running.",
		}, true
	case status.Reason == v1alpha1.ReasonReplacing:
		return verdict{
			v1alpha1.ReasonReplacing,
			fmt.Sprintf("It waits for the end of the runs of the task %q that it replaces%s.", task, o.activeNames()),
			"",
		}, true
	default:
		limit := ""
		if o.Task != nil && o.Task.Spec.MaxRunning() > 0 {
			limit = fmt.Sprintf(", which runs at most %d at once", o.Task.Spec.MaxRunning())
		}
		return verdict{
			v1alpha1.ReasonConcurrencyLimit,
			fmt.Sprintf("It is queued for the task %q%s%s%s.", task, limit, o.place(""), o.activeNames()),
			"It starts when other runs end. The limit is spec.concurrency of the Task.",
		}, true
	}
}

// ahead counts the runs of the task that wait for a place and get one before this run.
func (o *Observation) ahead() int { return o.Census.Ahead(o.Execution) }

// active returns the names of the oldest runs of the task that have a place, at most maxNamed of them, and how many
// have one. The oldest are likely to end next.
func (o *Observation) active() (names []string, n int) {
	for _, x := range o.Census.Active {
		if x.UID == o.Execution.UID {
			continue
		}
		if n++; len(names) < maxNamed {
			names = append(names, fmt.Sprintf("%q", x.Name))
		}
	}
	return names, n
}

// place returns a clause that says how many queued runs are ahead of this one. of says which runs are counted.
func (o *Observation) place(of string) string {
	if n := o.ahead(); n > 0 {
		return "; " + areAhead(n, of)
	}
	return "; it is the next run" + of
}

func areAhead(n int, of string) string {
	if n == 1 {
		return "1 run" + of + " is ahead of it"
	}
	return fmt.Sprintf("%d runs%s are ahead of it", n, of)
}

// activeNames returns a clause with the names of the task's active runs, empty if there are none.
func (o *Observation) activeNames() string {
	names, n := o.active()
	list := strings.Join(names, ", ")
	switch {
	case n == 0:
		return ""
	case n == 1:
		return "; the active run is " + list
	case n > len(names):
		return fmt.Sprintf("; the active runs are %s and %d more", list, n-len(names))
	default:
		return "; the active runs are " + list
	}
}

// queueFacts returns the facts of a queued run. It omits runs whose Job is suspended, because these wait for no limit.
func queueFacts(o *Observation) (facts []Fact) {
	q := o.Execution.Status.Queue
	if q == nil || o.Execution.Status.Phase != v1alpha1.PhaseQueued || q.BlockedBy == v1alpha1.BlockedByJob {
		return nil
	}
	facts = append(facts, Fact{Source: FromQueue, Text: fmt.Sprintf("%s; the limit of the %s is reached", areAhead(o.ahead(), ""), strings.ToLower(string(q.BlockedBy)))})
	if names, n := o.active(); n > 0 {
		facts = append(facts, Fact{Source: FromQueue, Text: fmt.Sprintf("active runs of the task (%d): %s", n, strings.Join(names, ", "))})
	}
	return facts
}
