// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
	// The default generation -1 tells kstatus that the controller has not seen the execution yet.
	// +optional
	// +structType=atomic
	// +kubebuilder:default:={"observedGeneration":-1}
	Status TaskExecutionStatus `json:"status,omitempty"`

	// Undecoded are the fields that could not be decoded. They are not part of the resource.
	// +optional
	Undecoded Undecoded `json:"-"`

	// Size is the size in bytes of the JSON that the execution was decoded from, and 0 if it was not decoded. It is not part of
	// the resource. Caches drop params and other large fields; Size still says how large the stored object is.
	Size int64 `json:"-"`

	// TailBytes estimates the size in bytes of status.logs if a cache has left them out, and is 0 if nothing was left out. It is
	// not part of the resource.
	TailBytes int64 `json:"-"`
}

// TaskExecutionSpec asks for one run. It is immutable, except that cancel can be set once.
// Only params reach the pod. So a user who may create executions can run the existing Tasks, and no pod of their own.
//
// +kubebuilder:validation:XValidation:rule="self.taskRef == oldSelf.taskRef",message="taskRef is immutable: create a new TaskExecution to run another task",fieldPath=".taskRef"
// +kubebuilder:validation:XValidation:rule="has(self.params) == has(oldSelf.params) && (!has(self.params) || self.params == oldSelf.params)",message="params are immutable: create a new TaskExecution to run with other params",fieldPath=".params"
// +kubebuilder:validation:XValidation:rule="has(self.secretParams) == has(oldSelf.secretParams) && (!has(self.secretParams) || self.secretParams == oldSelf.secretParams)",message="secretParams are immutable: create a new TaskExecution to run with others",fieldPath=".secretParams"
// +kubebuilder:validation:XValidation:rule="has(self.trigger) == has(oldSelf.trigger) && (!has(self.trigger) || self.trigger == oldSelf.trigger)",message="trigger is immutable",fieldPath=".trigger"
// +kubebuilder:validation:XValidation:rule="has(self.timeout) == has(oldSelf.timeout) && (!has(self.timeout) || self.timeout == oldSelf.timeout)",message="timeout is immutable",fieldPath=".timeout"
// +kubebuilder:validation:XValidation:rule="has(self.notAfter) == has(oldSelf.notAfter) && (!has(self.notAfter) || self.notAfter == oldSelf.notAfter)",message="notAfter is immutable",fieldPath=".notAfter"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.cancel) || (has(self.cancel) && self.cancel == oldSelf.cancel)",message="cancel is final: it can be set once, and neither changed nor withdrawn",fieldPath=".cancel"
type TaskExecutionSpec struct {
	// taskRef names the Task to run, in the same namespace.
	// +required
	TaskRef TaskReference `json:"taskRef"`

	// params is an object with the parameters of this run. At most 100 KiB, because the container gets them as one environment
	// variable, and Linux limits one to 128 KiB.
	// +optional
	// +kubebuilder:validation:Type=object
	// +kubebuilder:pruning:PreserveUnknownFields
	Params *apiextensionsv1.JSON `json:"params,omitempty"`

	// secretParams names the Secret with the sensitive params of this run: those that the Task's schema marks as writeOnly. They
	// must not be in params, because everyone who may read this execution can read params.
	// +optional
	SecretParams *SecretParams `json:"secretParams,omitempty"`

	// trigger says where this run came from. status.origin says whether this is proven.
	// +optional
	// +kubebuilder:default={}
	Trigger Trigger `json:"trigger,omitempty"`

	// timeout overrides the Task's timeout for this run. It may be longer only up to the Task's maxTimeout.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+([.][0-9]*)?(ns|us|ms|s|m|h))+$|^0$') && duration(self) >= duration('1s')",message="timeout must be at least 1s"
	Timeout *metav1.Duration `json:"timeout,omitempty"`

	// notAfter is the last moment to start. A run whose Job does not exist by then, or has been suspended ever since, fails with the
	// reason StartDeadlineExceeded. So a manifest that is applied again later, for example from a backup, does not run again.
	// +optional
	NotAfter *metav1.Time `json:"notAfter,omitempty"`

	// cancel stops the run, even if it is empty.
	// +optional
	Cancel *CancelRequest `json:"cancel,omitempty"`
}

// TaskReference names a Task in the same namespace.
type TaskReference struct {
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
}

// SecretParams are sensitive params in a Secret of the execution's namespace. The container gets them as `TASK_PARAM_<NAME>`. They
// are not in TASK_PARAMS.
type SecretParams struct {
	// secretName is the name of the Secret. The Secret must be owned by this execution, as those of the REST API are, or have the
	// label taskexec.dev/params: "true". Otherwise a user who may run tasks could print any Secret.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	SecretName string `json:"secretName"`
	// names are the names of the params. Each is a key of the Secret. Other keys are ignored.
	// +required
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=253
	// +kubebuilder:validation:items:Pattern=`^[-._a-zA-Z0-9]+$`
	Names []string `json:"names"`
}

// TriggerSource is how a run was created.
//
// +kubebuilder:validation:Enum=manual;api;schedule;change;kubectl
type TriggerSource string

// The sources of a run.
const (
	// TriggerManual is a person at the REST API.
	TriggerManual TriggerSource = "manual"
	// TriggerAPI is a program at the REST API.
	TriggerAPI TriggerSource = "api"
	// TriggerSchedule is a TaskSchedule.
	TriggerSchedule TriggerSource = "schedule"
	// TriggerChange is a change of the Task's spec, if its annotation asks for such runs.
	TriggerChange TriggerSource = "change"
	// TriggerKubectl is everything that creates the resource directly: kubectl, GitOps, a client library.
	TriggerKubectl TriggerSource = "kubectl"
)

// Trigger says where a run came from.
type Trigger struct {
	// +optional
	// +kubebuilder:default=kubectl
	Source TriggerSource `json:"source,omitempty"`
	// name is the name of the schedule or pipeline.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name,omitempty"`
	// user is who asked for the run.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	User string `json:"user,omitempty"`
	// time is when the run was requested, in microseconds. Only Taskexec sets it, on the runs that it creates. An execution that is
	// created much later than that, or after another one with the same name and time, is a copy, for example from a backup. It does
	// not run again, and ends with the reason RestoredCopy.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`
	Time *metav1.MicroTime `json:"time,omitempty"`
	// cluster identifies the cluster where the run was requested. Only Taskexec sets it, together with time. In another cluster the
	// execution is a copy.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Cluster string `json:"cluster,omitempty"`
}

// CancelRequest stops a run.
type CancelRequest struct {
	// reason says why, for people.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Reason string `json:"reason,omitempty"`
	// requestedBy is who asked for it.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	RequestedBy string `json:"requestedBy,omitempty"`
}

// TaskExecutionList is a list of TaskExecutions.
//
// +kubebuilder:object:root=true
type TaskExecutionList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []TaskExecution `json:"items"`
}
