// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TaskSchedule runs a Task at the times of a cron expression. Each of these times is a tick. A tick creates one TaskExecution, whose
// name is derived from the tick.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=tsch,categories=taskexec
// +kubebuilder:printcolumn:name="Schedule",type=string,JSONPath=`.spec.schedule`
// +kubebuilder:printcolumn:name="Zone",type=string,JSONPath=`.spec.timeZone`,priority=1
// +kubebuilder:printcolumn:name="Suspend",type=boolean,JSONPath=`.spec.suspend`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`,priority=1
// +kubebuilder:printcolumn:name="Last",type=date,JSONPath=`.status.lastScheduleTime`
// +kubebuilder:printcolumn:name="Next",type=string,JSONPath=`.status.nextScheduleTime`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Task",type=string,JSONPath=`.spec.taskRef.name`
// +kubebuilder:printcolumn:name="Execution",type=string,JSONPath=`.status.lastExecution`,priority=1
// +kubebuilder:selectablefield:JSONPath=`.spec.taskRef.name`
// +kubebuilder:selectablefield:JSONPath=`.spec.suspend`
type TaskSchedule struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// +required
	Spec TaskScheduleSpec `json:"spec"`
	// +optional
	Status TaskScheduleStatus `json:"status,omitempty"`

	// Undecoded are the fields that could not be decoded. They are not part of the resource.
	// +optional
	Undecoded Undecoded `json:"-"`
}

// TaskScheduleSpec says which Task is run, when, and with which params. The Task's concurrency limits how many of its runs are active
// at once.
type TaskScheduleSpec struct {
	// taskRef names the Task to run, in the same namespace.
	// +required
	TaskRef TaskReference `json:"taskRef"`

	// schedule is a cron expression with five fields (minute, hour, day of month, month, day of week), or six with the second
	// first. It may also be @hourly, @daily, @weekly, @monthly, @yearly, or "@every 90s", which counts from the beginning of 1970
	// in UTC. If clocks go forward and skip a time, its tick is at the moment of the change. If clocks go back and a time comes
	// twice, only the first counts, unless the hour is "*". The condition Ready says if the expression cannot be read.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Schedule string `json:"schedule"`

	// timeZone is the name of a time zone in the IANA database, such as Asia/Shanghai. The default is UTC.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	TimeZone string `json:"timeZone,omitempty"`

	// jitter spreads schedules that are due at the same time. Each is delayed by a fixed number of seconds up to jitter, which is
	// derived from the schedule's UID.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+([.][0-9]*)?(ns|us|ms|s|m|h))+$|^0$') && duration(self) >= duration('0s') && duration(self) <= duration('24h')",message="jitter must be from 0s to 24h"
	Jitter *metav1.Duration `json:"jitter,omitempty"`

	// startingDeadline is how late a tick may still be run, for example if no controller was running at its time. Without it there
	// is no limit.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+([.][0-9]*)?(ns|us|ms|s|m|h))+$|^0$') && duration(self) >= duration('1s')",message="startingDeadline must be at least 1s"
	StartingDeadline *metav1.Duration `json:"startingDeadline,omitempty"`

	// catchUpLimit is how many ticks are run if several are due at once. The newest are run, and older ones are skipped.
	// +optional
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100
	CatchUpLimit int32 `json:"catchUpLimit,omitempty"`

	// suspend stops the schedule. Ticks during the suspension are skipped.
	// +optional
	Suspend bool `json:"suspend,omitempty"`

	// params is an object with the parameters of each run. It must satisfy the Task's schema.
	// +optional
	// +kubebuilder:validation:Type=object
	// +kubebuilder:pruning:PreserveUnknownFields
	Params *apiextensionsv1.JSON `json:"params,omitempty"`

	// labels are labels of each run, its Job and its pods, with the rules of a run's labels: keys of Taskexec, of Kubernetes and of
	// GitOps tools are reserved. The condition Ready says if a label is not allowed.
	// +optional
	// +kubebuilder:validation:MaxProperties=16
	Labels map[string]string `json:"labels,omitempty"`

	// timeout overrides the Task's timeout for each run. It may be longer only up to the Task's maxTimeout.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+([.][0-9]*)?(ns|us|ms|s|m|h))+$|^0$') && duration(self) >= duration('1s')",message="timeout must be at least 1s"
	Timeout *metav1.Duration `json:"timeout,omitempty"`
}

// TaskScheduleStatus is the observed state of a TaskSchedule.
type TaskScheduleStatus struct {
	// observedGeneration is the generation of the spec that this status is about.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// observedSchedule is the schedule and time zone that the times below belong to. After a change, ticks count from the moment
	// when the controller saw it.
	// +optional
	ObservedSchedule string `json:"observedSchedule,omitempty"`

	// handledUntil is the time up to which all ticks were run or skipped. When the schedule is resumed, changed or fixed, it is set
	// to that moment.
	// +optional
	HandledUntil *metav1.Time `json:"handledUntil,omitempty"`

	// lastScheduleTime is the time of the last tick that was run, without jitter.
	// +optional
	LastScheduleTime *metav1.Time `json:"lastScheduleTime,omitempty"`

	// nextScheduleTime is when the next run will be created, with jitter.
	// +optional
	NextScheduleTime *metav1.Time `json:"nextScheduleTime,omitempty"`

	// lastExecution is the name of the TaskExecution that was created last.
	// +optional
	LastExecution string `json:"lastExecution,omitempty"`

	// origin says whether the annotations about who created and who changed the schedule are proven. It is absent if there are
	// none.
	// +optional
	Origin Origin `json:"origin,omitempty"`

	// conditions are Ready, which says whether the schedule creates runs, and if not, why.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// TaskScheduleList is a list of TaskSchedules.
//
// +kubebuilder:object:root=true
type TaskScheduleList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []TaskSchedule `json:"items"`
}
