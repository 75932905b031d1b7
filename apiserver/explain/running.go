package explain

import (
	"fmt"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

// running says since when and where, and when its timeout will end it.
func running(o *Observation) (verdict, bool) {
	status := &o.Execution.Status
	if status.Phase != v1alpha1.PhaseRunning {
		return verdict{}, false
	}
	sentence := "It runs" + onNode(o.nodeOf())
	if status.StartTime != nil {
		sentence = fmt.Sprintf("It has been running for %s%s", forPeople(o.Now.Sub(status.StartTime.Time)), onNode(o.nodeOf()))
	}
	sentence += o.tries(", at attempt %d")
	if o.Job != nil {
		// A damaged annotation gives limits without a timeout.
		limits, err := jobspec.SnapshotOf(o.Job)
		if at, runs := status.Deadline(limits.Timeout); err == nil && runs {
			sentence += fmt.Sprintf("; its timeout of %s ends it at %s", limits.Timeout.Duration, stamp(at.Time))
		}
	}
	return verdict{v1alpha1.ReasonContainerStarted, sentence + ".", ""}, true
}
