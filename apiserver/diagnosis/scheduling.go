// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import corev1 "k8s.io/api/core/v1"

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
			return verdict{ReasonUnschedulable, sayGated.With(because(c.Message)), adviseGate.With()}, true
		}
		return verdict{ReasonUnschedulable, sayUnschedulable.With(because(c.Message)), adviseSchedule.With()}, true
	}
	return verdict{}, false
}
