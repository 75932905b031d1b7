// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/phrases"
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
		"by Kueue":              {held().job(kueue), says{reason, `to the queue "team-a"`, "workloads"}},
		"the Job is unknown":    {held(), says{reason, "suspended", ""}},
	})
}

// A run that was suspended after its start waits, and its timeout waits too.
func TestCase25ExplainedWhileSuspended(t *testing.T) {
	started := func(phase v1alpha1.Phase, reason, message string) *observed {
		return run(phase, reason, message).with(func(o *observed) {
			o.Execution.Status.StartTime = ptr.To(ago(40 * time.Second))
			o.Execution.Status.Suspension = &v1alpha1.Suspension{Total: metav1.Duration{Duration: 25 * time.Second}}
		})
	}
	held := func() *observed {
		return started(v1alpha1.PhaseQueued, v1alpha1.ReasonJobSuspended, "the Job was suspended while it ran").with(func(o *observed) {
			o.Execution.Status.Queue = &v1alpha1.QueueStatus{BlockedBy: v1alpha1.BlockedByJob}
			o.Execution.Status.Suspension.Since = ptr.To(ago(10 * time.Second))
		})
	}
	kueue := func(j *batchv1.Job) { j.Labels = map[string]string{v1alpha1.LabelKueueQueue: "team-a"} }
	ask(t, heldJob, map[string]asked{
		"by somebody": {held().job(nil), says{v1alpha1.ReasonJobSuspended, "stopped while running and waits, because its Job was suspended", "spec.suspend: false"}},
		"by Kueue":    {held().job(kueue), says{v1alpha1.ReasonJobSuspended, `Kueue withdrew its admission to the queue "team-a"`, "workloads"}},
	})
	limits := func(j *batchv1.Job) {
		j.Annotations = map[string]string{v1alpha1.AnnotationLimits: `{"timeout":"30s","container":"main","maxEntries":100,"maxBytes":16384}`}
	}
	ask(t, running, map[string]asked{
		"it runs again": {started(v1alpha1.PhaseRunning, "", "").job(limits), says{v1alpha1.ReasonContainerStarted, "its timeout of 30s ends it at 2025-11-25T11:05:15Z.", ""}},
	})
	found := false
	for _, f := range Of(held().Observation).Facts {
		found = found || strings.Contains(f.TextIn(phrases.English), "it was suspended, and has not started again")
	}
	if !found {
		t.Error("no fact says since when it is suspended")
	}
}

func TestPodsRefused(t *testing.T) {
	pending := func(message string) *observed {
		return run(v1alpha1.PhasePending, v1alpha1.ReasonJobCreated, message).job(nil)
	}
	const event = `Error creating: pods "run-x" is forbidden: exceeded quota: tight`
	unread := func(o *observed) { o.Unread = []Unread{{FromPod, phrases.Verbatim("x")}} }
	ask(t, podsRefused, map[string]asked{
		"nothing is known":       {pending(""), silent},
		"the status says":        {pending("FailedCreate: exceeded quota: tight"), says{ReasonPodsRefused, "cannot create a pod: exceeded quota: tight.", "quota"}},
		"an Event says":          {pending("").event("Job", "FailedCreate", event), says{ReasonPodsRefused, "cannot create a pod: exceeded quota: tight.", ""}},
		"an Event of other form": {pending("").event("Job", "FailedCreate", "no service account"), says{ReasonPodsRefused, ": no service account.", ""}},
		"there is a pod now":     {pending("").event("Job", "FailedCreate", event).pod("n", waiting("ContainerCreating", "")), silent},
		"perhaps there is a pod": {pending("").event("Job", "FailedCreate", event).with(unread), silent},
		"it has ended":           {run(v1alpha1.PhaseFailed, v1alpha1.ReasonStartTimeout, "FailedCreate: x"), silent},
	})
}

func TestJobLost(t *testing.T) {
	ask(t, jobLost, map[string]asked{
		"another failure": {run(v1alpha1.PhaseFailed, v1alpha1.ReasonEvicted, ""), silent},
		"lost":            {run(v1alpha1.PhaseFailed, v1alpha1.ReasonJobLost, `job "x" was deleted before it ended`), says{v1alpha1.ReasonJobLost, `somebody deleted its Job: job "x"`, "cancel it instead"}},
	})
}
