// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"fmt"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// disruptions are the reasons for which the platform ends a pod: what it did, as the end of "its pod …", and the
// advice.
var disruptions = map[string]struct{ did, advice string }{
	v1alpha1.ReasonEvicted:      {"was evicted", "The node was drained or ran short of a resource. Set requests for memory and ephemeral-storage on the containers."},
	v1alpha1.ReasonPreempted:    {"was preempted by a pod of higher priority", "Set a higher priorityClassName in the Task's jobTemplate, or add capacity to the cluster."},
	v1alpha1.ReasonNodeShutdown: {"was ended by the shutdown of its node", ""},
	v1alpha1.ReasonNodeLost:     {"was lost with its node", "Check whether the node is up: kubectl get nodes."},
	v1alpha1.ReasonPodRejected:  {"was rejected by its node before anything started", "The node lacks what the pod requests, or has a policy against it."},
	v1alpha1.ReasonDisrupted:    {"was ended from outside", "Somebody or something deleted the pod."},
}

// disrupted says what the platform did to a run that might have succeeded.
func disrupted(o *Observation) (verdict, bool) {
	status := &o.Execution.Status
	d, is := disruptions[status.Reason]
	if !is || !o.hasFailed() {
		return verdict{}, false
	}
	advice := d.advice
	if o.Task != nil && !o.Task.Spec.RetryOnDisruption {
		advice += " The same run may succeed another time. With retryOnDisruption: true on the Task, it is retried."
	}
	return verdict{status.Reason, fmt.Sprintf("It failed through no fault of its program: its pod %s%s%s.", d.did, onNode(o.nodeOf()), because(status.Message)), advice}, true
}
