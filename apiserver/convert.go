package apiserver

import (
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// The documented values of status.
const (
	statusRunning   = "running"
	statusCompleted = "completed"
	statusFailed    = "failed"
	statusCancelled = "cancelled"
)

// statusOf gives the documented word for where an execution stands. What waits reads running: a client that
// polls until it is no longer running must not stop early. A cancel that was accepted reads cancelled at once.
func statusOf(e *v1alpha1.TaskExecution) string {
	switch e.Status.Phase {
	case v1alpha1.PhaseCompleted:
		return statusCompleted
	case v1alpha1.PhaseFailed:
		return statusFailed
	case v1alpha1.PhaseCancelled, v1alpha1.PhaseCancelling:
		return statusCancelled
	case v1alpha1.PhasePending, v1alpha1.PhaseRunning:
	}
	if e.Spec.Cancel != nil {
		return statusCancelled
	}
	return statusRunning
}

func executionOf(e *v1alpha1.TaskExecution, now time.Time) wireExecution {
	status := &e.Status
	w := wireExecution{
		ExecutionID: e.Name,
		TaskName:    e.Spec.TaskRef.Name,
		Status:      statusOf(e),
		StartedAt:   e.CreationTimestamp.UTC(),
		Logs:        make([]wireEntry, len(status.Logs)),
		Phase:       string(status.Phase),
		ExitCode:    status.ExitCode,
		Reason:      status.Reason,
		Message:     status.Message,
		Trigger:     wireTrigger{Source: string(e.Spec.Trigger.Source), Name: e.Spec.Trigger.Name, User: e.Spec.Trigger.User},
		Attempts:    status.Attempts,
	}
	if w.Phase == "" {
		w.Phase = string(v1alpha1.PhasePending)
	}
	if e.Spec.Params != nil {
		w.Params = e.Spec.Params.Raw
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
	for i := range status.Logs {
		w.Logs[i] = entryOf(&status.Logs[i])
	}
	if s := status.LogSummary; s != nil {
		w.LogSummary = &wireLogSummary{
			Entries: s.Entries, Bytes: s.Bytes, DroppedEntries: s.DroppedEntries, Complete: s.Complete, Reason: s.Reason,
		}
	}
	return w
}

func entryOf(e *v1alpha1.LogEntry) wireEntry {
	w := wireEntry{Timestamp: e.Timestamp.UTC(), Level: string(e.Level), Message: e.Message}
	if e.Data != nil {
		w.Data = e.Data.Raw
	}
	return w
}

func taskOf(t *v1alpha1.Task) wireTask {
	w := wireTask{Name: t.Name, Description: t.Spec.Description, Retries: t.Spec.Retries}
	if t.Spec.Parameters != nil {
		w.Parameters = t.Spec.Parameters.Raw
	}
	if t.Spec.Timeout != nil {
		milliseconds := t.Spec.Timeout.Milliseconds()
		w.Timeout = &milliseconds
	}
	ready := apimeta.FindStatusCondition(t.Status.Conditions, v1alpha1.ConditionReady)
	switch {
	case ready == nil:
		w.Reason, w.Message = "NotJudged", "the controller has not looked at this task yet"
	case ready.Status == metav1.ConditionTrue:
		w.Ready = true
	default:
		w.Reason, w.Message = ready.Reason, ready.Message
	}
	return w
}
