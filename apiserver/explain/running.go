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
	if status.Attempts > 1 {
		sentence += fmt.Sprintf(", at attempt %d", status.Attempts)
	}
	if o.Job != nil && status.StartTime != nil {
		// A damaged annotation gives limits without a timeout.
		if limits, err := jobspec.LimitsOf(o.Job); err == nil && limits.Timeout != nil {
			sentence += fmt.Sprintf("; its timeout of %s ends it at %s", limits.Timeout.Duration, stamp(status.StartTime.Add(limits.Timeout.Duration)))
		}
	}
	return verdict{v1alpha1.ReasonContainerStarted, sentence + ".", ""}, true
}
