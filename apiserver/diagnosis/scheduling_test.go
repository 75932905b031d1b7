// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestUnschedulable(t *testing.T) {
	const words = "0/1 nodes are available: 1 Insufficient cpu."
	pending := func() *observed { return run(v1alpha1.PhasePending, v1alpha1.ReasonJobCreated, "") }
	no := condition(corev1.PodScheduled, corev1.ConditionFalse, corev1.PodReasonUnschedulable, words)
	gated := condition(corev1.PodScheduled, corev1.ConditionFalse, corev1.PodReasonSchedulingGated, "gated")
	ask(t, unschedulable, map[string]asked{
		"no pod":           {pending(), silent},
		"a node has it":    {pending().pod("n", waiting("ContainerCreating", ""), no), silent},
		"it was not tried": {pending().pod("", corev1.ContainerState{}), silent},
		"no node takes it": {pending().pod("", corev1.ContainerState{}, no), says{ReasonUnschedulable, "its pod cannot be scheduled: 0/1 nodes are available: 1 Insufficient cpu.", "describe nodes"}},
		"a gate":           {pending().pod("", corev1.ContainerState{}, gated), says{ReasonUnschedulable, "scheduling gate", "remove it"}},
		"it has ended":     {run(v1alpha1.PhaseFailed, v1alpha1.ReasonStartTimeout, "").pod("", corev1.ContainerState{}, no), silent},
	})
}
