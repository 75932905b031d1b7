package explain

import (
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestOverdue(t *testing.T) {
	of := func(reason, message string) *observed { return run(v1alpha1.PhaseFailed, reason, message) }
	ask(t, overdue, map[string]asked{
		"another failure": {of(v1alpha1.ReasonEvicted, ""), silent},
		"it still runs":   {run(v1alpha1.PhaseRunning, v1alpha1.ReasonDeadlineExceeded, ""), silent},
		"the run clock":   {of(v1alpha1.ReasonDeadlineExceeded, "the run took longer than its timeout of 30s"), says{v1alpha1.ReasonDeadlineExceeded, "timeout of 30s.", "timeout of the Task"}},
		"the start clock": {of(v1alpha1.ReasonStartTimeout, "no container started within 5m0s: Unschedulable: 0/1 nodes"), says{v1alpha1.ReasonStartTimeout, "0/1 nodes.", "startTimeout"}},
		"the queue clock": {of(v1alpha1.ReasonQueueTimeout, "it was not its turn"), says{v1alpha1.ReasonQueueTimeout, "not its turn.", "queueTimeout"}},
	})
}
