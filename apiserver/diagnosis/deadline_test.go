// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"strings"
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/phrases"
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

func TestCase27ExplainNamesTheLimitOfTheTemplate(t *testing.T) {
	ask(t, templateLimit, map[string]asked{
		"it runs":          {run(v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted, ""), silent},
		"our own clock":    {run(v1alpha1.PhaseFailed, v1alpha1.ReasonDeadlineExceeded, ""), silent},
		"an eviction":      {run(v1alpha1.PhaseFailed, v1alpha1.ReasonEvicted, ""), silent},
		"the pod's clock":  {run(v1alpha1.PhaseFailed, v1alpha1.ReasonPodDeadlineExceeded, "pod p was active for too long"), says{v1alpha1.ReasonPodDeadlineExceeded, "a limit in its Task's jobTemplate: pod p was active for too long.", "spec.template.spec.activeDeadlineSeconds"}},
		"the Job's clock":  {run(v1alpha1.PhaseFailed, v1alpha1.ReasonJobDeadlineExceeded, "why"), says{v1alpha1.ReasonJobDeadlineExceeded, "why.", "spec.activeDeadlineSeconds"}},
		"its own storage":  {run(v1alpha1.PhaseFailed, v1alpha1.ReasonStorageLimitExceeded, "why"), says{v1alpha1.ReasonStorageLimitExceeded, "why.", "ephemeral-storage"}},
		"and it completed": {run(v1alpha1.PhaseCompleted, v1alpha1.ReasonPodDeadlineExceeded, ""), silent},
	})
	for reason := range templateLimits {
		got := Of(run(v1alpha1.PhaseFailed, reason, "why").exit(137).Observation)
		all := got.SentenceIn(phrases.English) + got.AdviceIn(phrases.English)
		if got.Reason != reason || strings.Contains(all, "memory") || strings.Contains(all, "no fault") || strings.Contains(all, "retryOnDisruption") {
			t.Errorf("%s: %+v", reason, got)
		}
	}
}
