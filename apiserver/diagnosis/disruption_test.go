// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestDisrupted(t *testing.T) {
	retries := func(o *observed) { o.Task.Spec.RetryOnDisruption = true }
	cases := map[string]asked{
		"it runs on":      {run(v1alpha1.PhaseRunning, v1alpha1.ReasonEvicted, ""), silent},
		"another failure": {run(v1alpha1.PhaseFailed, v1alpha1.ReasonNonZeroExit, ""), silent},
		"evicted": {run(v1alpha1.PhaseFailed, v1alpha1.ReasonEvicted, "pod p was ended by the platform: Evicted: low on memory").with(func(o *observed) {
			o.Execution.Status.Pods = []v1alpha1.PodMirror{{Name: "p", Node: "worker"}}
		}), says{v1alpha1.ReasonEvicted, `its pod was evicted on node "worker": pod p was ended by the platform: Evicted: low on memory.`, "retryOnDisruption: true"}},
	}
	for reason, d := range disruptions {
		cases[reason] = asked{run(v1alpha1.PhaseFailed, reason, ""), says{reason, "its pod " + d.did.With().String(), "may succeed another time"}}
	}
	ask(t, disrupted, cases)
	if v, _ := disrupted(&run(v1alpha1.PhaseFailed, v1alpha1.ReasonNodeShutdown, "").with(retries).Observation); !v.advice.IsZero() {
		t.Errorf("advice for a task that retries: %q", v.advice)
	}
}
