// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"cmp"
	"strings"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/logs/parse"
	"github.com/taskexec/taskexec/controllers/origin"
)

// The documented values of status.
const (
	StatusRunning   = "running"
	StatusCompleted = "completed"
	StatusFailed    = "failed"
	StatusCancelled = "cancelled"
)

// StatusOf returns the status of an execution as the REST API documents it. A waiting run is running: a client that
// polls until a run is no longer running must not stop early. A run is cancelled as soon as the cancel is accepted.
func StatusOf(e *v1alpha1.TaskExecution) string {
	switch e.Status.Phase {
	case v1alpha1.PhaseCompleted:
		return StatusCompleted
	case v1alpha1.PhaseFailed:
		return StatusFailed
	case v1alpha1.PhaseCancelled, v1alpha1.PhaseCancelling:
		return StatusCancelled
	case v1alpha1.PhaseQueued, v1alpha1.PhasePending, v1alpha1.PhaseRunning:
	}
	if e.Spec.Cancel != nil {
		return StatusCancelled
	}
	return StatusRunning
}

// PhaseOf returns the phase of an execution. It is Pending if the controller has not processed it yet.
func PhaseOf(e *v1alpha1.TaskExecution) string {
	return string(cmp.Or(e.Status.Phase, v1alpha1.PhasePending))
}

// ExecutionOf returns an execution as the REST API shows it. Free text becomes one line without control characters,
// because another person reads it.
func ExecutionOf(e *v1alpha1.TaskExecution, now time.Time) Execution {
	status := &e.Status
	w := Execution{
		ExecutionID: e.Name,
		TaskName:    e.Spec.TaskRef.Name,
		Status:      StatusOf(e),
		StartedAt:   e.CreationTimestamp.UTC(),
		Logs:        make([]Entry, len(status.Logs)),
		Phase:       PhaseOf(e),
		ExitCode:    status.ExitCode,
		Reason:      status.Reason,
		Message:     status.Message,
		Trigger:     Trigger{Source: string(e.Spec.Trigger.Source), Name: parse.OneLine(e.Spec.Trigger.Name), User: parse.OneLine(e.Spec.Trigger.User)},
		Attempts:    status.Attempts,
		RerunOf:     parse.OneLine(e.Annotations[v1alpha1.AnnotationRerunOf]),
	}
	w.Trigger.Claimed = e.Status.Origin != v1alpha1.OriginProven && origin.IsStated(e)
	w.Params, w.Labels = ReadableParams(e), labelsOf(e)
	if e.Spec.SecretParams != nil {
		w.SecretParams = e.Spec.SecretParams.Names
	}
	if status.CompletionTime != nil {
		finished := status.CompletionTime.UTC()
		w.FinishedAt = &finished
		now = finished
	}
	if status.StartTime != nil {
		w.StartedAt = status.StartTime.UTC()
		milliseconds := max(0, now.Sub(w.StartedAt).Milliseconds())
		w.Duration = &milliseconds
	}
	if status.Result != nil {
		w.Result, w.ResultTruncated = status.Result.Raw, status.ResultTruncated
	}
	for i := range status.Logs {
		w.Logs[i] = EntryOf(&status.Logs[i])
	}
	if q := status.Queue; q != nil {
		w.Queue = &Queue{Position: q.Position, BlockedBy: string(q.BlockedBy)}
	}
	if s := status.LogSummary; s != nil {
		w.LogSummary = &LogSummary{
			Entries: s.Entries, Bytes: s.Bytes, DroppedEntries: s.DroppedEntries, Complete: s.Complete, Reason: s.Reason,
		}
	}
	w.Cancellation = cancellationOf(e)
	w.describePods(status)
	return w
}

// ReadableParams returns the params of an execution that its readers may see, nil if there are none. Params are not
// shown if they were refused because a sensitive one is among them.
func ReadableParams(e *v1alpha1.TaskExecution) []byte {
	if e.Spec.Params == nil || e.Status.Reason == v1alpha1.ReasonSensitiveParamReadable {
		return nil
	}
	return e.Spec.Params.Raw
}

// labelsOf returns the labels of an execution, without those of Taskexec: other fields show what they say.
func labelsOf(e *v1alpha1.TaskExecution) map[string]string {
	var shown map[string]string
	for key, value := range e.Labels {
		if strings.HasPrefix(key, ownLabels) {
			continue
		}
		if shown == nil {
			shown = make(map[string]string, len(e.Labels))
		}
		shown[key] = value
	}
	return shown
}

// ownLabels is the prefix of the labels of Taskexec.
const ownLabels = "taskexec.dev/"

// cancellationOf returns the receipt of a cancel. A cancel that came after the end has none, because it had no effect.
func cancellationOf(e *v1alpha1.TaskExecution) *Cancellation {
	receipt, request := e.Status.Cancellation, e.Spec.Cancel
	claimed := request != nil && request.RequestedBy != "" && e.Status.Origin != v1alpha1.OriginProven
	switch {
	case receipt != nil:
		w := &Cancellation{RequestedBy: parse.OneLine(receipt.RequestedBy), Claimed: claimed, Reason: parse.OneLine(receipt.Reason), Outcome: Outcomes[receipt.Outcome]}
		w.AcknowledgedAt = utc(&receipt.AcknowledgedTime)
		w.EndedAt = utc(receipt.CompletionTime)
		return w
	case request != nil && !e.Status.Phase.IsTerminal():
		return &Cancellation{RequestedBy: parse.OneLine(request.RequestedBy), Claimed: claimed, Reason: parse.OneLine(request.Reason)}
	default:
		return nil
	}
}

// Outcomes maps the outcomes to their spelling in the REST API.
var Outcomes = map[v1alpha1.CancellationOutcome]string{
	v1alpha1.CancellationNotStarted:   "notStarted",
	v1alpha1.CancellationGraceful:     "graceful",
	v1alpha1.CancellationForced:       "forced",
	v1alpha1.CancellationUnconfirmed:  "unconfirmed",
	v1alpha1.CancellationAlreadyEnded: "alreadyEnded",
}

func utc(at *metav1.Time) *time.Time {
	if at == nil {
		return nil
	}
	t := at.UTC()
	return &t
}

// EntryOf converts a log entry.
func EntryOf(e *v1alpha1.LogEntry) Entry {
	w := Entry{Timestamp: e.Timestamp.UTC(), Level: string(e.Level), Message: e.Message, Index: e.Index}
	if e.Data != nil {
		w.Data = e.Data.Raw
	}
	return w
}

// TaskOf converts a Task.
func TaskOf(t *v1alpha1.Task) Task {
	w := Task{Name: t.Name, Description: t.Spec.Description, Retries: t.Spec.Retries, Suspended: t.Spec.Suspended}
	if t.Spec.Parameters != nil {
		w.Parameters = t.Spec.Parameters.Raw
	}
	w.Timeout, w.MaxTimeout = Milliseconds(t.Spec.Timeout), Milliseconds(t.Spec.MaxTimeout)
	ready := apimeta.FindStatusCondition(t.Status.Conditions, v1alpha1.ConditionReady)
	switch {
	case ready == nil:
		w.Reason, w.Message = "NotJudged", "the controller has not checked this task yet"
	case ready.Status == metav1.ConditionTrue:
		w.Ready = true
	default:
		w.Reason, w.Message = ready.Reason, ready.Message
	}
	if warning := apimeta.FindStatusCondition(t.Status.Conditions, v1alpha1.ConditionWarning); warning != nil {
		w.Warning = warning.Message
	}
	return w
}

// Milliseconds converts a duration; nil stays nil.
func Milliseconds(d *metav1.Duration) *int64 {
	if d == nil {
		return nil
	}
	n := d.Milliseconds()
	return &n
}
