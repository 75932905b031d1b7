// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

// unschedulable repeats why the scheduler found no node for the pod.
func unschedulable(o *Observation) (verdict, bool) {
	pod := o.waitingPod()
	if pod == nil || pod.Spec.NodeName != "" {
		return verdict{}, false
	}
	for _, c := range pod.Status.Conditions {
		if c.Type != corev1.PodScheduled || c.Status != corev1.ConditionFalse {
			continue
		}
		if c.Reason == corev1.PodReasonSchedulingGated {
			return verdict{ReasonUnschedulable, fmt.Sprintf("It does not run because its pod has a scheduling gate%s.", because(c.Message)), "Whoever set the gate has to remove it."}, true
		}
		return verdict{
			ReasonUnschedulable,
			fmt.Sprintf("It does not run because its pod cannot be scheduled%s.", because(c.Message)),
			"Compare the requests, nodeSelector, affinity and tolerations in the Task's jobTemplate with what the nodes offer: kubectl describe nodes.",
		}, true
	}
	return verdict{}, false
}
