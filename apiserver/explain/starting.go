package explain

import (
	"fmt"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// starting is a run of which nothing is wrong that is known. Where the pods could not be read, the status may know.
func starting(o *Observation) (verdict, bool) {
	status := &o.Execution.Status
	if status.Phase != v1alpha1.PhasePending {
		return verdict{}, false
	}
	v := verdict{reason: ReasonStarting}
	pod := o.waitingPod()
	switch {
	case status.Message != "":
		v.sentence = "It has not started yet" + because(status.Message) + "."
	case pod != nil && pod.Spec.NodeName != "":
		v.sentence = fmt.Sprintf("It is about to start: the node %q has its pod and gets its image and volumes ready.", pod.Spec.NodeName)
	case pod != nil:
		v.sentence = "It is about to start: its pod waits for a node."
	case status.Job == nil:
		v.sentence = "It is about to start: its Job is about to be made."
	default:
		v.sentence = "It is about to start: its Job is there."
	}
	return v, true
}
