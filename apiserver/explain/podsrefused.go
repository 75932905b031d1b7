package explain

import "strings"

// podsRefused says why the Job cannot make its pod. The Job controller says it in an Event, and ours repeats it in the
// status.
func podsRefused(o *Observation) (verdict, bool) {
	if o.ended() || o.waitingPod() != nil {
		return verdict{}, false
	}
	_, why, found := strings.Cut(o.Execution.Status.Message, "FailedCreate: ")
	if e := o.eventOf("Job", "FailedCreate"); !found && e != nil && o.last() == nil && !o.unread(FromPod) {
		found = true
		if _, why, _ = strings.Cut(e.Message, " is forbidden: "); why == "" {
			why = e.Message
		}
	}
	if !found {
		return verdict{}, false
	}
	return verdict{
		ReasonPodsRefused,
		"It does not run because its Job may not make a pod" + because(why) + ".",
		"Make room in the quota, or mend the policy or service account that is in the way; the Job tries again by itself.",
	}, true
}
