package explain

import (
	"fmt"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// disruptions by reason: what the platform did, and what to do about it. A verb follows "the pod".
var disruptions = map[string]struct{ did, advice string }{
	v1alpha1.ReasonEvicted:      {"was evicted", "The node was drained or ran short of something: give the containers requests for memory and ephemeral-storage."},
	v1alpha1.ReasonPreempted:    {"had to make room for one of a higher priority", "Give the Task's jobTemplate a higher priorityClassName, or the cluster more room."},
	v1alpha1.ReasonNodeShutdown: {"was ended because its node shut down", ""},
	v1alpha1.ReasonNodeLost:     {"was lost with its node", "Look whether the node is up: kubectl get nodes."},
	v1alpha1.ReasonPodRejected:  {"was refused by its node before anything started", "The node lacks what the pod asks for, or has a policy against it."},
	v1alpha1.ReasonDisrupted:    {"was ended from outside", "Somebody or something deleted the pod."},
}

// disrupted says what the platform did to a run that would perhaps have succeeded.
func disrupted(o *Observation) (verdict, bool) {
	status := &o.Execution.Status
	d, is := disruptions[status.Reason]
	if !is || !o.hasFailed() {
		return verdict{}, false
	}
	advice := d.advice
	if o.Task != nil && !o.Task.Spec.RetryOnDisruption {
		advice += " The same run may well succeed another time; with retryOnDisruption: true on the Task, it is tried again."
	}
	return verdict{status.Reason, fmt.Sprintf("It failed through no fault of its program: its pod %s%s%s.", d.did, onNode(o.nodeOf()), because(status.Message)), advice}, true
}
