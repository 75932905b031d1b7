package explain

import (
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestRunning(t *testing.T) {
	const reason = v1alpha1.ReasonContainerStarted
	started := func() *observed {
		return run(v1alpha1.PhaseRunning, reason, "").with(func(o *observed) { o.Execution.Status.StartTime = ptr.To(ago(10 * time.Second)) })
	}
	limits := func(text string) func(*batchv1.Job) {
		return func(j *batchv1.Job) { j.Annotations = map[string]string{v1alpha1.AnnotationLimits: text} }
	}
	again := func(o *observed) { o.Execution.Status.Attempts = 2 }
	ask(t, running, map[string]asked{
		"it waits":         {run(v1alpha1.PhasePending, "", ""), silent},
		"on a node":        {started().pod("n", runs()), says{reason, `It has been running for 10s on node "n".`, ""}},
		"a second attempt": {started().with(again), says{reason, "running for 10s, at attempt 2.", ""}},
		"with a timeout":   {started().job(limits(`{"timeout":"30s","container":"main","maxEntries":100,"maxBytes":16384}`)), says{reason, "; its timeout of 30s ends it at 2025-11-25T11:05:20Z.", ""}},
		"damaged limits":   {started().job(limits("{")), says{reason, "running for 10s.", ""}},
		"without a start":  {run(v1alpha1.PhaseRunning, reason, ""), says{reason, "It runs.", ""}},
	})
}
