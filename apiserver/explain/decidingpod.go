package explain

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

// decidingPod is the pod whose end decided how the run ended, as the status marks it, nil where it is gone. Where nothing is
// marked, it is the newest.
func (o *Observation) decidingPod() *corev1.Pod {
	decided := o.Execution.Status.DecidingPod()
	if decided == nil {
		return o.last()
	}
	for i := range o.Pods {
		if o.Pods[i].UID == decided.UID {
			return &o.Pods[i]
		}
	}
	return nil
}

// ofIndex says of which index the pod was that decided, where the Job is Indexed.
func (o *Observation) ofIndex() string {
	if decided := o.Execution.Status.DecidingPod(); decided != nil && decided.Index != nil {
		return fmt.Sprintf(" of index %d", *decided.Index)
	}
	return ""
}

// tries says how often it was tried, in a clause that begins with words; empty where it was once. A Job with several
// completions starts more pods than it tries one of them, so that what it has of those is said instead.
func (o *Observation) tries(format string) string {
	status := &o.Execution.Status
	switch {
	case status.Completions != nil:
		return fmt.Sprintf(", with %d of %d completions", status.Completions.Succeeded, status.Completions.Wanted)
	case status.Attempts > 1:
		return fmt.Sprintf(format, status.Attempts)
	default:
		return ""
	}
}
