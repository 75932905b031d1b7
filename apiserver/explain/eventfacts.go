package explain

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// eventFacts tell the newest Events.
func eventFacts(o *Observation) (facts []Fact) {
	for i := range o.Events[:min(len(o.Events), maxEvents)] {
		e := &o.Events[i]
		count := e.Count
		if e.Series != nil {
			count = e.Series.Count
		}
		text := fmt.Sprintf("%s %s%s", strings.ToLower(e.InvolvedObject.Kind), e.Reason, because(o.eventMessage(e)))
		if count > 1 {
			text += fmt.Sprintf(" (%d times)", count)
		}
		facts = append(facts, Fact{FromEvent, e.InvolvedObject.Name, At(e), text})
	}
	return facts
}

// platformEvents are written without a word of the program or its command line.
var platformEvents = map[string]bool{
	// Of the Job controller.
	"SuccessfulCreate": true, "FailedCreate": true, "SuccessfulDelete": true, "BackoffLimitExceeded": true,
	"DeadlineExceeded": true, "Completed": true, "Suspended": true, "Resumed": true, "PodFailurePolicy": true,
	// Of the scheduler, the node and those who evict.
	"Scheduled": true, "FailedScheduling": true, "Preempted": true, "Pulling": true, "Pulled": true, "BackOff": true,
	"FailedMount": true, "FailedAttachVolume": true, "Killing": true, "Evicted": true, "TaintManagerEviction": true,
	"NodeNotReady": true,
}

// eventMessage of the Event. Of a run with sensitive params only what cannot have their values: a probe's Event
// quotes what the program answered, and one of a container that could not be started its command line.
func (o *Observation) eventMessage(e *corev1.Event) string {
	if o.sensitive() && !platformEvents[e.Reason] && !isPullMessage(e.Message) {
		return notShown
	}
	return e.Message
}

// isPullMessage: the kubelet has one reason, Failed, for all that fails with a container.
func isPullMessage(message string) bool {
	return strings.HasPrefix(message, "Failed to pull image ") || strings.HasPrefix(message, "Failed to inspect image ")
}

// logFacts are the last errors in the log that the status keeps, without sensitive values, of a run that failed.
func logFacts(o *Observation) (facts []Fact) {
	if o.Execution.Status.Phase != v1alpha1.PhaseFailed {
		return nil
	}
	logs := o.Execution.Status.Logs
	if len(logs) > 0 { // the last entry is the controller's, and says what the status says
		logs = logs[:len(logs)-1]
	}
	for i := len(logs) - 1; i >= 0 && len(facts) < maxLines; i-- {
		if l := &logs[i]; l.Level == v1alpha1.LogError || len(facts) == 0 && i == len(logs)-1 {
			facts = append(facts, Fact{Source: FromLog, At: l.Timestamp.Time.Truncate(time.Millisecond), Text: l.Message})
		}
	}
	return facts
}
