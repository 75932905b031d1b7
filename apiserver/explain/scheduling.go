package explain

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

// unschedulable repeats the scheduler's word on the pod.
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
			fmt.Sprintf("It does not run because no node takes its pod%s.", because(c.Message)),
			"Look at the requests, nodeSelector, affinity and tolerations in the Task's jobTemplate, and at what the nodes have left: kubectl describe nodes.",
		}, true
	}
	return verdict{}, false
}
