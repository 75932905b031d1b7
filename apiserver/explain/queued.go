package explain

import (
	"fmt"
	"strings"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/census"
)

// maxNamed is how many other runs are named.
const maxNamed = 5

// queued says for whose limit a run waits, how many are before it and which it waits for.
func queued(o *Observation) (verdict, bool) {
	status := &o.Execution.Status
	if _, is := withoutJob[status.Reason]; is {
		return verdict{}, false // it keeps its place, and waits for something else first
	}
	if status.Phase != v1alpha1.PhaseQueued || status.Queue == nil || status.Queue.BlockedBy == v1alpha1.BlockedByJob {
		return verdict{}, false
	}
	task := o.Execution.Spec.TaskRef.Name
	switch {
	case status.Queue.BlockedBy == v1alpha1.BlockedByNamespace:
		return verdict{
			v1alpha1.ReasonNamespaceLimit,
			"It waits for its turn: as many runs are active in its namespace as may be" + o.place() + ".",
			"It starts when others have ended; --max-running-per-namespace of the controller is the limit.",
		}, true
	case status.Queue.BlockedBy == v1alpha1.BlockedByController:
		return verdict{
			v1alpha1.ReasonControllerLimit,
			"It waits for its turn: as many runs are active in the cluster as may be" + o.place() + ".",
			"It starts when others have ended; --max-running of the controller is the limit.",
		}, true
	case status.Reason == v1alpha1.ReasonReplacing:
		return verdict{
			v1alpha1.ReasonReplacing,
			fmt.Sprintf("It waits for the end of those that it replaces in the task %q%s.", task, o.activeNames()),
			"",
		}, true
	default:
		limit := ""
		if o.Task != nil && o.Task.Spec.MaxRunning() > 0 {
			limit = fmt.Sprintf(", which runs %d at once", o.Task.Spec.MaxRunning())
		}
		return verdict{
			v1alpha1.ReasonConcurrencyLimit,
			fmt.Sprintf("It waits for its turn in the queue of the task %q%s%s%s.", task, limit, o.place(), o.activeNames()),
			"It starts when others have ended; spec.concurrency of the Task is the limit.",
		}, true
	}
}

// ahead counts the runs of the task that wait for a place and get one before this run.
func (o *Observation) ahead() int { return census.Take(o.Others).Ahead(o.Execution) }

// active returns the names of the oldest runs of the task that have a place, and how many have one. The oldest are the
// next to end.
func (o *Observation) active() (names []string, n int) {
	for _, x := range census.Take(o.Others).Active {
		if x.UID == o.Execution.UID {
			continue
		}
		if n++; len(names) < maxNamed {
			names = append(names, fmt.Sprintf("%q", x.Name))
		}
	}
	return names, n
}

func (o *Observation) place() string {
	switch n := o.ahead(); n {
	case 0:
		return "; it is the next"
	default:
		return fmt.Sprintf("; %s before it", waits(n))
	}
}

func waits(n int) string {
	if n == 1 {
		return "1 run waits"
	}
	return fmt.Sprintf("%d runs wait", n)
}

func (o *Observation) activeNames() string {
	names, n := o.active()
	switch {
	case n == 0:
		return ""
	case n > len(names):
		return fmt.Sprintf("; active are %s and %d more", strings.Join(names, ", "), n-len(names))
	case n == 1:
		return "; active is " + names[0]
	default:
		return "; active are " + strings.Join(names, ", ")
	}
}
