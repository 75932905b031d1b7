package v1alpha1

import (
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// TaskExecutionStatus is what became of a run. The first terminal phase never changes.
type TaskExecutionStatus struct {
	// observedGeneration is the generation of the spec that this status speaks of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// +optional
	Phase Phase `json:"phase,omitempty"`
	// reason for the phase, one of a bounded set.
	// +optional
	Reason string `json:"reason,omitempty"`
	// message for people.
	// +optional
	// +kubebuilder:validation:MaxLength=4096
	Message string `json:"message,omitempty"`

	// queue says what the run waits for, while its phase is Queued.
	// +optional
	Queue *QueueStatus `json:"queue,omitempty"`

	// startTime is when the first container of the run started.
	// +optional
	StartTime *metav1.Time `json:"startTime,omitempty"`
	// completionTime is when the run ended.
	// +optional
	CompletionTime *metav1.Time `json:"completionTime,omitempty"`
	// duration from startTime to completionTime, rounded for people (1m2s).
	// +optional
	Duration string `json:"duration,omitempty"`

	// attempts is how many times the container was started afresh: pods, and restarts within them. A Job with several
	// completions starts at least one pod for each: completions says how many of them succeeded.
	// +optional
	Attempts int32 `json:"attempts,omitempty"`
	// disruptions is how many of the attempts were ended by the platform, or by a suspension of the Job, and not by
	// their program.
	// +optional
	Disruptions int32 `json:"disruptions,omitempty"`
	// completions of a run whose Job wants more than one.
	// +optional
	Completions *Completions `json:"completions,omitempty"`
	// suspension of a run that was held after it had started.
	// +optional
	Suspension *Suspension `json:"suspension,omitempty"`
	// exitCode of the attempt whose end decided: the pod that is marked so in pods.
	// +optional
	ExitCode *int32 `json:"exitCode,omitempty"`

	// cancellation is the receipt of a cancel that stopped the run, or would have if it had not ended by itself.
	// A cancel that came after the end has none.
	// +optional
	Cancellation *Cancellation `json:"cancellation,omitempty"`
	// result is what the task's own container wrote to its terminationMessagePath (/dev/termination-log): a JSON
	// value as such, without members that are null, and any other text as a string. It is that of the attempt
	// whose end decided, also of a run that failed; but never the log that terminationMessagePolicy
	// FallbackToLogsOnError puts there. Characters that do harm are taken out, as in logs.
	// +optional
	Result *apiextensionsv1.JSON `json:"result,omitempty"`
	// resultTruncated tells that the program wrote more than a kubelet hands on, which is 4096 bytes, or 12288
	// over the number of containers where there are more than three. result is then the text that was handed on,
	// and message says its size.
	// +optional
	ResultTruncated bool `json:"resultTruncated,omitempty"`

	// origin tells whether spec.trigger, spec.cancel.requestedBy and the marks below taskexec.dev/ are proven. It is absent
	// where they state nothing.
	// +optional
	Origin Origin `json:"origin,omitempty"`

	// task is what was run.
	// +optional
	Task *TaskIdentity `json:"task,omitempty"`
	// job is the one Job of this run.
	// +optional
	Job *JobIdentity `json:"job,omitempty"`
	// pods of the run, oldest first. At most 10 are kept: the one whose end decided, and the newest.
	// +optional
	// +listType=map
	// +listMapKey=uid
	// +kubebuilder:validation:MaxItems=10
	Pods []PodMirror `json:"pods,omitempty"`

	// logs is the bounded tail of the log, oldest first.
	// +optional
	// +listType=atomic
	Logs []LogEntry `json:"logs,omitempty"`
	// logSummary says how much log there was and whether logs and what it was taken from are whole.
	// +optional
	LogSummary *LogSummary `json:"logSummary,omitempty"`

	// conditions: Succeeded, LogsCaptured, and kstatus's Reconciling and Stalled.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// Origin tells whether what an object states of its origin is proven.
//
// +kubebuilder:validation:Enum=Proven;Claimed
type Origin string

// The words on an origin.
const (
	// OriginProven: only Taskexec itself can have written it, because the policies of config/admission were in force.
	OriginProven Origin = "Proven"
	// OriginClaimed: whoever may create the object can have written it.
	OriginClaimed Origin = "Claimed"
)

// Cancellation says who cancelled a run, why, when it was seen, and how the run ended. Each field is set once.
type Cancellation struct {
	// requestedBy and reason are those of spec.cancel.
	// +optional
	RequestedBy string `json:"requestedBy,omitempty"`
	// +optional
	Reason string `json:"reason,omitempty"`
	// acknowledgedTime is when the controller saw the cancel and began to stop the run.
	AcknowledgedTime metav1.Time `json:"acknowledgedTime"`
	// completionTime is when the run ended.
	// +optional
	CompletionTime *metav1.Time `json:"completionTime,omitempty"`
	// outcome is how it ended, absent until it has.
	// +optional
	Outcome CancellationOutcome `json:"outcome,omitempty"`
}

// CancellationOutcome is how a run that was cancelled ended.
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
	// CancellationUnconfirmed: no kubelet said in time that the containers ended; they may still run.
	CancellationUnconfirmed CancellationOutcome = "Unconfirmed"
	// CancellationAlreadyEnded: the run ended by itself before it could be stopped.
	CancellationAlreadyEnded CancellationOutcome = "AlreadyEnded"
)

// Phase is where a run stands.
//
// +kubebuilder:validation:Enum=Queued;Pending;Running;Cancelling;Completed;Failed;Cancelled
type Phase string

// The phases: Queued and Pending → Running → Completed or Failed; Cancelling → Cancelled from any that is not terminal.
const (
	// PhaseQueued: the run waits for its turn, or its Job is held suspended. Reason says which.
	PhaseQueued Phase = "Queued"
	// PhasePending: no container of the run has started.
	PhasePending Phase = "Pending"
	// PhaseRunning: a container has started, and the Job has not ended.
	PhaseRunning Phase = "Running"
	// PhaseCancelling: a cancel was seen, and containers may still be ending.
	PhaseCancelling Phase = "Cancelling"
	// PhaseCompleted: the Job completed.
	PhaseCompleted Phase = "Completed"
	// PhaseFailed: the run ended without success. Reason says why.
	PhaseFailed Phase = "Failed"
	// PhaseCancelled: the run ended because somebody cancelled it.
	PhaseCancelled Phase = "Cancelled"
)

// IsTerminal tells whether the phase is the last one.
func (p Phase) IsTerminal() bool {
	return p == PhaseCompleted || p == PhaseFailed || p == PhaseCancelled
}

// TaskIdentity is the exact Task that was run.
type TaskIdentity struct {
	UID        types.UID `json:"uid"`
	Generation int64     `json:"generation"`
}

// JobIdentity is the exact Job of a run. Once written, a Job of another UID is never taken for it.
type JobIdentity struct {
	Name string    `json:"name"`
	UID  types.UID `json:"uid"`
}
