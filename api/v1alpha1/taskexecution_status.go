// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// TaskExecutionStatus is the observed state of a run. A terminal phase never changes.
type TaskExecutionStatus struct {
	// observedGeneration is the generation of the spec that this status is about.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// +optional
	Phase Phase `json:"phase,omitempty"`
	// reason is one word for programs that explains the phase. The set of reasons is fixed.
	// +optional
	Reason string `json:"reason,omitempty"`
	// message explains the phase to people.
	// +optional
	// +kubebuilder:validation:MaxLength=4096
	Message string `json:"message,omitempty"`

	// queue says what the run waits for while its phase is Queued.
	// +optional
	Queue *QueueStatus `json:"queue,omitempty"`

	// startTime is when the first container of the run started.
	// +optional
	StartTime *metav1.Time `json:"startTime,omitempty"`
	// completionTime is when the run ended.
	// +optional
	CompletionTime *metav1.Time `json:"completionTime,omitempty"`
	// duration is the time from startTime to completionTime, rounded for people (1m2s).
	// +optional
	Duration string `json:"duration,omitempty"`

	// attempts is how many times the container was started: in new pods, and by restarts within a pod. A Job with several
	// completions starts at least one pod for each; completions says how many succeeded.
	// +optional
	Attempts int32 `json:"attempts,omitempty"`
	// disruptions is how many attempts the platform or a suspension of the Job ended, and not the program itself.
	// +optional
	Disruptions int32 `json:"disruptions,omitempty"`
	// completions is the progress of a run whose Job wants more than one completion.
	// +optional
	Completions *Completions `json:"completions,omitempty"`
	// suspension says how long a started run was suspended.
	// +optional
	Suspension *Suspension `json:"suspension,omitempty"`
	// exitCode is the exit code of the deciding attempt, whose pod is marked in pods.
	// +optional
	ExitCode *int32 `json:"exitCode,omitempty"`

	// cancellation is the receipt of a cancel that stopped the run, or that came just before the run ended by itself. A cancel
	// after the end has no receipt.
	// +optional
	Cancellation *Cancellation `json:"cancellation,omitempty"`
	// result is what the task's own container wrote to its terminationMessagePath (/dev/termination-log). JSON is kept as JSON,
	// without members that are null. Any other text is a string. The result is that of the deciding attempt, even if the run
	// failed. It is never the log that terminationMessagePolicy FallbackToLogsOnError puts there. Harmful characters are
	// removed, as in logs.
	// +optional
	Result *apiextensionsv1.JSON `json:"result,omitempty"`
	// resultTruncated reports that the program wrote more than the kubelet passes on: 4096 bytes, or 12288 divided by the number
	// of containers if there are more than three. result is then the text that was passed on, and message says its size.
	// +optional
	ResultTruncated bool `json:"resultTruncated,omitempty"`

	// origin says whether spec.trigger, spec.cancel.requestedBy and the labels and annotations below taskexec.dev/ are proven. It
	// is absent if they state nothing.
	// +optional
	Origin Origin `json:"origin,omitempty"`

	// task is the Task that was run.
	// +optional
	Task *TaskIdentity `json:"task,omitempty"`
	// job is the one Job of this run.
	// +optional
	Job *JobIdentity `json:"job,omitempty"`
	// pods are the pods of the run, oldest first. At most 10 are kept: the deciding one, and the newest.
	// +optional
	// +listType=map
	// +listMapKey=uid
	// +kubebuilder:validation:MaxItems=10
	Pods []PodMirror `json:"pods,omitempty"`

	// logs is the tail of the log, oldest first. spec.logs of the Task limits it.
	// +optional
	// +listType=atomic
	Logs []LogEntry `json:"logs,omitempty"`
	// logSummary says how much log the run printed, and whether all of it was read and archived.
	// +optional
	LogSummary *LogSummary `json:"logSummary,omitempty"`

	// conditions are Succeeded, LogsCaptured, ImagesPulled, Startable, and kstatus's Reconciling and Stalled.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// Origin says whether what an object states about its origin is proven.
//
// +kubebuilder:validation:Enum=Proven;Claimed
type Origin string

// The values of an origin.
const (
	// OriginProven: only Taskexec can have written it, because the policies of config/admission were in force.
	OriginProven Origin = "Proven"
	// OriginClaimed: everyone who may create the object can have written it.
	OriginClaimed Origin = "Claimed"
)

// Cancellation is the receipt of a cancel: who asked for it, why, when the controller saw it, and how the run ended. Each field is
// set once.
type Cancellation struct {
	// requestedBy is that of spec.cancel.
	// +optional
	RequestedBy string `json:"requestedBy,omitempty"`
	// reason is that of spec.cancel.
	// +optional
	Reason string `json:"reason,omitempty"`
	// acknowledgedTime is when the controller saw the cancel and began to stop the run.
	AcknowledgedTime metav1.Time `json:"acknowledgedTime"`
	// completionTime is when the run ended.
	// +optional
	CompletionTime *metav1.Time `json:"completionTime,omitempty"`
	// outcome is how the run ended. It is absent until then.
	// +optional
	Outcome CancellationOutcome `json:"outcome,omitempty"`
}

// CancellationOutcome is how a cancelled run ended.
//
// +kubebuilder:validation:Enum=NotStarted;Graceful;Forced;Unconfirmed;AlreadyEnded
type CancellationOutcome string

// The outcomes of a cancel.
const (
	// CancellationNotStarted: no container of the run had started.
	CancellationNotStarted CancellationOutcome = "NotStarted"
	// CancellationGraceful: the containers ended within their grace period.
	CancellationGraceful CancellationOutcome = "Graceful"
	// CancellationForced: a container was killed (exit code 137), because it did not end within its grace period.
	CancellationForced CancellationOutcome = "Forced"
	// CancellationUnconfirmed: no kubelet reported in time that the containers ended. They may still run.
	CancellationUnconfirmed CancellationOutcome = "Unconfirmed"
	// CancellationAlreadyEnded: the run ended by itself before it could be stopped.
	CancellationAlreadyEnded CancellationOutcome = "AlreadyEnded"
)

// Phase is the state of a run.
//
// +kubebuilder:validation:Enum=Queued;Pending;Running;Cancelling;Completed;Failed;Cancelled
type Phase string

// The phases: Queued and Pending → Running → Completed or Failed; Cancelling → Cancelled from any that is not terminal.
const (
	// PhaseQueued: the run waits for its place, or its Job is suspended. Reason says which.
	PhaseQueued Phase = "Queued"
	// PhasePending: no container of the run has started.
	PhasePending Phase = "Pending"
	// PhaseRunning: a container has started, and the Job has not ended.
	PhaseRunning Phase = "Running"
	// PhaseCancelling: the controller saw a cancel, and containers may still be ending.
	PhaseCancelling Phase = "Cancelling"
	// PhaseCompleted: the Job completed.
	PhaseCompleted Phase = "Completed"
	// PhaseFailed: the run ended without success. Reason says why.
	PhaseFailed Phase = "Failed"
	// PhaseCancelled: the run ended because somebody cancelled it.
	PhaseCancelled Phase = "Cancelled"
)

// IsTerminal reports whether the phase no longer changes.
func (p Phase) IsTerminal() bool {
	return p == PhaseCompleted || p == PhaseFailed || p == PhaseCancelled
}

// TaskIdentity identifies the Task that was run.
type TaskIdentity struct {
	UID        types.UID `json:"uid"`
	Generation int64     `json:"generation"`
}

// JobIdentity identifies the Job of a run. Once it is set, a Job with another UID is never taken for it.
type JobIdentity struct {
	Name string    `json:"name"`
	UID  types.UID `json:"uid"`
}
