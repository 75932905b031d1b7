package lifecycle

import (
	"encoding/json"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// mirrorLog puts the tail into status when it is due, with every change of phase, and at the end. A reading
// that has to begin again after a restart of the controller is not shown until it has caught up: a log does
// not go backwards.
func mirrorLog(o *Observation, f facts, status *v1alpha1.TaskExecutionStatus) {
	changed := status.Phase != o.Execution.Status.Phase
	terminal := status.Phase.IsTerminal()
	if alreadyCaptured(o) || (!changed && !o.Log.Due && !terminal) {
		return
	}
	behind := o.Log.Lines < readBefore(o)
	if behind && !o.Log.Settled() {
		if !terminal || !changed {
			return
		}
	}
	summary := v1alpha1.LogSummary{Entries: o.Log.Lines, Bytes: o.Log.Bytes, DroppedEntries: o.Log.Dropped}
	tail := o.Log.Tail
	if behind {
		summary = *o.Execution.Status.LogSummary
		tail = withoutLifecycle(o.Mirrored)
	}
	status.Logs = compose(o, f, status, tail, &summary)
	if terminal {
		c := apimeta.FindStatusCondition(status.Conditions, v1alpha1.ConditionLogsCaptured)
		summary.Complete = c.Status == metav1.ConditionTrue
		summary.Reason = ""
		if !summary.Complete {
			summary.Reason = c.Reason
		}
	}
	status.LogSummary = &summary
}

// compose puts the lifecycle entries around the tail and keeps the whole within the run's budget: the first
// entry and the last stand, the oldest lines between them go, and a marker says how many went.
func compose(o *Observation, f facts, status *v1alpha1.TaskExecutionStatus, tail []v1alpha1.LogEntry, summary *v1alpha1.LogSummary) []v1alpha1.LogEntry {
	words := o.Options.Language.words()
	var head, end []v1alpha1.LogEntry
	if status.StartTime != nil {
		head = append(head, words.started(status.StartTime.Time, f.limits.Timeout))
	}
	if status.Phase.IsTerminal() {
		end = append(end, words.finished(status, tail))
	}
	entries, bytes := int64(len(head)+len(end)), size(head...)+size(end...)
	maxEntries, maxBytes := int64(f.limits.MaxEntries), f.limits.MaxBytes
	if maxEntries == 0 { // no Job and no Task, so no limits: there are no lines either
		return append(head, end...)
	}
	kept := fit(tail, maxEntries-entries, maxBytes-bytes)
	if dropped := summary.DroppedEntries + int64(len(tail)-kept); dropped > 0 {
		// The marker takes the room of a line.
		kept = fit(tail, maxEntries-entries-1, maxBytes-bytes-markerSize)
		summary.DroppedEntries += int64(len(tail) - kept)
		if maxEntries > entries {
			at := status.StartTime.Time
			if kept > 0 {
				at = tail[len(tail)-kept].Timestamp.Time
			}
			head = append(head, words.dropped(at, summary.DroppedEntries))
		}
	}
	composed := make([]v1alpha1.LogEntry, 0, len(head)+kept+len(end))
	composed = append(composed, head...)
	composed = append(composed, tail[len(tail)-kept:]...)
	return append(composed, end...)
}

// markerSize in bytes is more than the marker's entry ever takes.
const markerSize = 200

// fit counts how many of the newest entries fit into a budget of entries and bytes.
func fit(tail []v1alpha1.LogEntry, entries, bytes int64) int {
	kept := 0
	for i := len(tail) - 1; i >= 0 && int64(kept) < entries; i-- {
		if bytes -= size(tail[i]); bytes < 0 {
			break
		}
		kept++
	}
	return kept
}

// size of entries in status, in bytes of JSON with their commas.
func size(entries ...v1alpha1.LogEntry) int64 {
	var n int64
	for i := range entries {
		raw, err := json.Marshal(&entries[i])
		if err != nil {
			continue // data that is no JSON cannot be written either: the parser makes none
		}
		n += int64(len(raw)) + 1
	}
	return n
}

// withoutLifecycle takes away the entries that compose adds, from a tail that was composed before.
func withoutLifecycle(entries []v1alpha1.LogEntry) []v1alpha1.LogEntry {
	if len(entries) > 0 {
		entries = entries[1:] // a run of which a line was read has its first entry
	}
	return entries
}
