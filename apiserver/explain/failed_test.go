package explain

import (
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestFailed(t *testing.T) {
	job := func(j *batchv1.Job) {
		j.Status.Conditions = []batchv1.JobCondition{{Type: batchv1.JobFailed, Status: corev1.ConditionTrue, Reason: "PodFailurePolicy", Message: "rule 1"}}
	}
	of := func(message string) *observed { return run(v1alpha1.PhaseFailed, v1alpha1.ReasonJobFailed, message) }
	ask(t, failed, map[string]asked{
		"it runs":            {run(v1alpha1.PhaseRunning, "", ""), silent},
		"the status says":    {of("PodFailurePolicy: rule 2"), says{v1alpha1.ReasonJobFailed, "It failed: PodFailurePolicy: rule 2.", ""}},
		"only the Job says":  {of("").job(job), says{v1alpha1.ReasonJobFailed, "It failed: PodFailurePolicy: rule 1.", ""}},
		"nobody says":        {of(""), says{v1alpha1.ReasonJobFailed, "It failed.", ""}},
		"a reason to come":   {run(v1alpha1.PhaseFailed, "Unheard", "of"), says{"Unheard", "It failed: of.", ""}},
		"the Job is no help": {of("").job(nil), says{v1alpha1.ReasonJobFailed, "It failed.", ""}},
	})
}
