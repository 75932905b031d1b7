package explain

import (
	"testing"

	batchv1 "k8s.io/api/batch/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestHeldJob(t *testing.T) {
	held := func() *observed {
		return run(v1alpha1.PhaseQueued, v1alpha1.ReasonJobSuspended, "the Job is suspended").with(func(o *observed) {
			o.Execution.Status.Queue = &v1alpha1.QueueStatus{BlockedBy: v1alpha1.BlockedByJob}
		})
	}
	kueue := func(j *batchv1.Job) { j.Labels = map[string]string{v1alpha1.LabelKueueQueue: "team-a"} }
	const reason = v1alpha1.ReasonJobSuspended
	ask(t, heldJob, map[string]asked{
		"it waits for its turn": {run(v1alpha1.PhaseQueued, v1alpha1.ReasonConcurrencyLimit, ""), silent},
		"by somebody":           {held().job(nil), says{reason, "because its Job is suspended: the Job is suspended.", "spec.suspend: false"}},
		"by Kueue":              {held().job(kueue), says{reason, `from the queue "team-a"`, "workloads"}},
		"the Job is unknown":    {held(), says{reason, "suspended", ""}},
	})
}
