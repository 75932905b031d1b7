package explain

import (
	"testing"
	"time"

	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestCompleted(t *testing.T) {
	timed := func(o *observed) {
		o.Execution.Status.StartTime, o.Execution.Status.CompletionTime = ptr.To(ago(90*time.Second)), ptr.To(ago(0))
		o.Execution.Status.Attempts = 2
	}
	ask(t, completed, map[string]asked{
		"it runs":       {run(v1alpha1.PhaseRunning, "", ""), silent},
		"without times": {run(v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted, ""), says{v1alpha1.ReasonCompleted, "It completed.", ""}},
		"with times":    {run(v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted, "").with(timed), says{v1alpha1.ReasonCompleted, "It completed at 2025-11-25T11:05:00Z, after 1m30s, at attempt 2.", ""}},
	})
}
