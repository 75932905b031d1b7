package v1alpha1

import (
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// TaskExecution records one run of a Task. Its name is the executionId.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=te,categories=taskexec
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.phase`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.reason`
// +kubebuilder:printcolumn:name="Duration",type=string,JSONPath=`.status.duration`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Attempts",type=integer,JSONPath=`.status.attempts`
// +kubebuilder:printcolumn:name="Exit",type=integer,JSONPath=`.status.exitCode`,priority=1
// +kubebuilder:printcolumn:name="Trigger",type=string,JSONPath=`.spec.trigger.source`
// +kubebuilder:printcolumn:name="Task",type=string,JSONPath=`.spec.taskRef.name`
// +kubebuilder:printcolumn:name="Origin",type=string,JSONPath=`.status.origin`
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.message`,priority=1
// +kubebuilder:selectablefield:JSONPath=`.spec.taskRef.name`
// +kubebuilder:selectablefield:JSONPath=`.spec.trigger.source`
// +kubebuilder:selectablefield:JSONPath=`.spec.trigger.name`
// +kubebuilder:selectablefield:JSONPath=`.status.phase`
// +kubebuilder:selectablefield:JSONPath=`.status.reason`
type TaskExecution struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// +required
	Spec TaskExecutionSpec `json:"spec"`
	// An execution that nobody has looked at says so to kstatus by the generation -1.
	// +optional
	// +structType=atomic
	// +kubebuilder:default:={"observedGeneration":-1}
	Status TaskExecutionStatus `json:"status,omitempty"`

	// Undecoded are the fields that could not be decoded. They are not part of the resource.
	// +optional
	Undecoded Undecoded `json:"-"`

	// Size of the JSON from which the execution was decoded, in bytes; 0 where it was not decoded. It is not part of the
	// resource. It tells what the execution takes of others' memory where its bulk, such as params, was dropped.
	Size int64 `json:"-"`
}

// TaskExecutionSpec asks for one run. It cannot be changed, but for cancel, which can be set once.
// It has no field that reaches the pod other than params: whoever may create executions can run the Tasks
// that exist, and never a pod of their own making.
//
// +kubebuilder:validation:XValidation:rule="self.taskRef == oldSelf.taskRef",message="taskRef is immutable: create a new TaskExecution to run another task",fieldPath=".taskRef"
// +kubebuilder:validation:XValidation:rule="has(self.params) == has(oldSelf.params) && (!has(self.params) || self.params == oldSelf.params)",message="params are immutable: create a new TaskExecution to run with other params",fieldPath=".params"
// +kubebuilder:validation:XValidation:rule="has(self.secretParams) == has(oldSelf.secretParams) && (!has(self.secretParams) || self.secretParams == oldSelf.secretParams)",message="secretParams are immutable: create a new TaskExecution to run with others",fieldPath=".secretParams"
// +kubebuilder:validation:XValidation:rule="has(self.trigger) == has(oldSelf.trigger) && (!has(self.trigger) || self.trigger == oldSelf.trigger)",message="trigger is immutable",fieldPath=".trigger"
// +kubebuilder:validation:XValidation:rule="has(self.timeout) == has(oldSelf.timeout) && (!has(self.timeout) || self.timeout == oldSelf.timeout)",message="timeout is immutable",fieldPath=".timeout"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.cancel) || (has(self.cancel) && self.cancel == oldSelf.cancel)",message="cancel is final: it can be set once, and neither changed nor withdrawn",fieldPath=".cancel"
type TaskExecutionSpec struct {
	// taskRef names the Task to run, in the same namespace.
	// +required
	TaskRef TaskReference `json:"taskRef"`

	// params of this run, an object. At most 100 KiB, because they reach the container as one environment
	// variable and Linux allows 128 KiB for one.
	// +optional
	// +kubebuilder:validation:Type=object
	// +kubebuilder:pruning:PreserveUnknownFields
	Params *apiextensionsv1.JSON `json:"params,omitempty"`

	// secretParams says where the sensitive params of this run are, those that the Task's schema marks with
	// writeOnly: in a Secret and never in params, which anyone can read who can read this execution.
	// +optional
	SecretParams *SecretParams `json:"secretParams,omitempty"`

	// trigger says where this run came from. status.origin tells whether that is proven.
	// +optional
	// +kubebuilder:default={}
	Trigger Trigger `json:"trigger,omitempty"`

	// timeout overrides the Task's for this run. It may be shorter, and longer only up to the Task's maxTimeout.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+([.][0-9]*)?(ns|us|ms|s|m|h))+$|^0$') && duration(self) >= duration('1s')",message="timeout must be at least 1s"
	Timeout *metav1.Duration `json:"timeout,omitempty"`

	// cancel, when present, stops the run.
	// +optional
	Cancel *CancelRequest `json:"cancel,omitempty"`
}

// TaskReference names a Task in the execution's namespace.
type TaskReference struct {
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
}

// SecretParams are sensitive params in a Secret of the execution's namespace. They reach the container as
// TASK_PARAM_<NAME>, and are not in TASK_PARAMS.
type SecretParams struct {
	// secretName of a Secret that is owned by this execution, as the REST facade makes it, or that has the label
	// taskexec.dev/params: "true". Without the label, who may run tasks could have one print any Secret.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	SecretName string `json:"secretName"`
	// names of the params, each a key of the Secret. Other keys are not looked at.
	// +required
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=253
	// +kubebuilder:validation:items:Pattern=`^[-._a-zA-Z0-9]+$`
	Names []string `json:"names"`
}

// TriggerSource is the way by which a run was asked for.
//
// +kubebuilder:validation:Enum=manual;api;schedule;change;kubectl
type TriggerSource string

// The sources of a run.
const (
	// TriggerManual is a person at the REST facade.
	TriggerManual TriggerSource = "manual"
	// TriggerAPI is a program at the REST facade.
	TriggerAPI TriggerSource = "api"
	// TriggerSchedule is a schedule of the controller.
	TriggerSchedule TriggerSource = "schedule"
	// TriggerChange is a change of the Task's spec, where its annotation asks for a run.
	TriggerChange TriggerSource = "change"
	// TriggerKubectl is everything that writes the resource itself: kubectl, GitOps, a client library.
	TriggerKubectl TriggerSource = "kubectl"
)

// Trigger says where a run came from.
type Trigger struct {
	// +optional
	// +kubebuilder:default=kubectl
	Source TriggerSource `json:"source,omitempty"`
	// name of the schedule or pipeline.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name,omitempty"`
	// user who asked.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	User string `json:"user,omitempty"`
}

// CancelRequest stops a run by being there.
type CancelRequest struct {
	// reason, for people.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Reason string `json:"reason,omitempty"`
	// requestedBy names who asked.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	RequestedBy string `json:"requestedBy,omitempty"`
}

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

// TaskExecutionList is a list of TaskExecutions.
//
// +kubebuilder:object:root=true
type TaskExecutionList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []TaskExecution `json:"items"`
}
