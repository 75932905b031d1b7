// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// The explanation of a run with sensitive params shows nothing that may quote its program, command line or probes.
func TestSensitiveParamsDoNotAppear(t *testing.T) {
	const value = "hunter2hunter2"
	states := map[string]*observed{
		"a termination message": run(v1alpha1.PhaseFailed, v1alpha1.ReasonNonZeroExit, "").exit(1).pod("n", terminated(1, "Error", value)),
		"a start error":         run(v1alpha1.PhaseFailed, v1alpha1.ReasonNonZeroExit, "").exit(128).pod("n", terminated(128, "StartError", value)),
		"a run error":           run(v1alpha1.PhasePending, "", "").pod("n", waiting("RunContainerError", value)),
		"a create error":        run(v1alpha1.PhasePending, "", "").pod("n", waiting("CreateContainerError", value)),
		"an unknown error":      run(v1alpha1.PhasePending, "", "").pod("n", waiting("Whatever", value)),
		"a probe":               run(v1alpha1.PhaseRunning, "", "").pod("n", runs()).event("Pod", "Unhealthy", "Liveness probe failed: "+value),
		"a hook":                run(v1alpha1.PhaseRunning, "", "").pod("n", runs()).event("Pod", "FailedPostStartHook", value),
		"a failed start":        run(v1alpha1.PhasePending, "", "").pod("n", waiting("", "")).event("Pod", "Failed", `Error: failed to create containerd task: exec: "`+value+`"`),
		"an environment": run(v1alpha1.PhaseRunning, "", "").pod("n", runs(), func(p *corev1.Pod) {
			p.Spec.Containers[0].Env = []corev1.EnvVar{{Name: "X", Value: value}}
			p.Spec.Containers[0].Args = []string{value}
		}),
	}
	for name, o := range states {
		if got := textOf(Of(o.secret().Observation)); strings.Contains(got, value) {
			t.Errorf("%s: %s", name, got)
		}
	}
}
