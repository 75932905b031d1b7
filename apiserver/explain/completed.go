package explain

import (
	"github.com/taskexec/taskexec/api/v1alpha1"
)

// completed says that nothing is wrong.
func completed(o *Observation) (verdict, bool) {
	status := &o.Execution.Status
	if status.Phase != v1alpha1.PhaseCompleted {
		return verdict{}, false
	}
	sentence := "It completed"
	if status.CompletionTime != nil {
		sentence += " at " + stamp(status.CompletionTime.Time)
		if status.StartTime != nil {
			sentence += ", after " + forPeople(status.CompletionTime.Sub(status.StartTime.Time))
		}
	}
	sentence += o.tries(", at attempt %d")
	advice := ""
	if killedQuietly(o) {
		advice = "What the killed process was to do may be missing. " + memoryAdvice
	}
	return verdict{v1alpha1.ReasonCompleted, sentence + because(status.Message) + ".", advice}, true
}
