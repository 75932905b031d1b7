// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"encoding/json"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

// mirrorLog puts the tail into the status when it is due, at each change of phase, and at the end. After a restart, the
// controller reads the log from its beginning. The new tail is not shown until it has caught up, because the log must
// not go backwards.
func mirrorLog(o *Observation, f facts, status *v1alpha1.TaskExecutionStatus) {
	changed := status.Phase != o.Execution.Status.Phase
	captured := apimeta.FindStatusCondition(status.Conditions, v1alpha1.ConditionLogsCaptured)
	final := captured != nil && captured.Status != unknown
	if alreadyCaptured(o) || (!changed && !o.Log.Due && !final) {
		return
	}
	terminal := status.Phase.IsTerminal()
	behind := o.Log.Lines < readBefore(o)
	if behind && !o.Log.Read && o.Log.GaveUp == "" {
		if !terminal || !changed {
			return
		}
	}
	summary := v1alpha1.LogSummary{Entries: o.Log.Lines, Bytes: o.Log.Bytes, DroppedEntries: o.Log.Dropped}
	tail := withoutSecrets(o, &summary)
	if behind {
		summary = *o.Execution.Status.LogSummary
		tail = withoutLifecycle(o)
	}
	status.Logs = compose(o, f, status, tail, &summary)
	summary.Archived = o.Log.Archived
	summary.Complete = final && captured.Status == metav1.ConditionTrue
	summary.Reason = ""
	if captured != nil && !summary.Complete {
		summary.Reason = captured.Reason
	}
	status.LogSummary = &summary
}

// withoutSecrets redacts the values of sensitive params in the tail. While the values are unknown, it returns no line,
// because any line might contain one.
func withoutSecrets(o *Observation, summary *v1alpha1.LogSummary) []v1alpha1.LogEntry {
	if o.Execution.Spec.SecretParams != nil && o.Redact == nil {
		summary.DroppedEntries = summary.Entries
		return nil
	}
	return o.Redact.Entries(o.Log.Tail)
}

// WithoutTail returns a status with the lifecycle lines only, for an API server that refuses the tail. The phase is
// written in any case.
func WithoutTail(o Observation, status v1alpha1.TaskExecutionStatus) v1alpha1.TaskExecutionStatus {
	bare := *status.DeepCopy()
	if bare.LogSummary == nil {
		bare.LogSummary = &v1alpha1.LogSummary{}
	}
	bare.LogSummary.DroppedEntries = bare.LogSummary.Entries
	bare.Logs = compose(&o, gather(&o), &bare, nil, bare.LogSummary)
	return bare
}

// compose puts the lifecycle lines around the tail and keeps the whole within the run's budget. The first and the last
// entry stay. The oldest lines between them are dropped, and a marker says how many.
func compose(o *Observation, f facts, status *v1alpha1.TaskExecutionStatus, tail []v1alpha1.LogEntry, summary *v1alpha1.LogSummary) []v1alpha1.LogEntry {
	words := o.Options.Language.words()
	var head, end []v1alpha1.LogEntry
	if status.StartTime != nil {
		head = append(head, words.started(status.StartTime.Time, f.snapshot.Timeout))
	}
	if status.Phase.IsTerminal() {
		end = append(end, words.finished(status, tail))
	}
	entries, bytes := int64(len(head)+len(end)), size(head...)+size(end...)
	snapshot := f.snapshot
	if snapshot.MaxEntries == 0 { // the Job is gone and the Task too
		snapshot = jobspec.DefaultSnapshot()
	}
	maxEntries, maxBytes := int64(snapshot.MaxEntries), snapshot.MaxBytes
	kept := fit(tail, maxEntries-entries, maxBytes-bytes)
	if dropped := summary.DroppedEntries + int64(len(tail)-kept); dropped > 0 {
		// The marker replaces one line.
		kept = fit(tail, maxEntries-entries-1, maxBytes-bytes-markerSize)
		summary.DroppedEntries += int64(len(tail) - kept)
		if maxEntries > entries && status.StartTime != nil {
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

// markerSize is an upper bound for the bytes of the marker's entry.
const markerSize = 200

// fit returns how many of the newest entries fit into a budget of entries and bytes.
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

// size returns the size of entries in the status in bytes, as JSON with commas.
func size(entries ...v1alpha1.LogEntry) int64 {
	var n int64
	for i := range entries {
		raw, err := json.Marshal(&entries[i])
		if err != nil {
			continue // data that is not JSON cannot be written either: the parser never returns it
		}
		n += int64(len(raw)) + 1
	}
	return n
}

// withoutLifecycle returns the tail in the status without the entries that compose added: the first, if the run has
// started; the marker of what was dropped; and the last, if the run has ended.
func withoutLifecycle(o *Observation) []v1alpha1.LogEntry {
	entries, status := o.Mirrored, &o.Execution.Status
	if len(entries) > 0 && status.StartTime != nil {
		entries = entries[1:]
	}
	if s := status.LogSummary; len(entries) > 0 && s != nil && isDropped(&entries[0], s.DroppedEntries) {
		entries = entries[1:]
	}
	if len(entries) > 0 && status.Phase.IsTerminal() {
		entries = entries[:len(entries)-1]
	}
	return entries
}
