package v1alpha1

import (
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TaskSchedule runs a Task at the times of a cron expression. Each of these times is a tick, and a tick makes
// one TaskExecution, whose name is derived from it.
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

// TaskScheduleSpec says when which Task is run, and with which params. How many runs there may be at a time is
// the Task's business.
type TaskScheduleSpec struct {
	// taskRef names the Task to run, in the same namespace.
	// +required
	TaskRef TaskReference `json:"taskRef"`

	// schedule is a cron expression: five fields (minute, hour, day of month, month, day of week), or six with
	// the second before them; or @hourly, @daily, @weekly, @monthly, @yearly; or "@every 90s", which is counted
	// from the beginning of 1970 in UTC. A time that the clocks skip is made up for at the moment when they go
	// forward, and one that comes twice counts the first time only, unless the hour is "*". What cannot be
	// read is told by the condition Ready.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Schedule string `json:"schedule"`

	// timeZone of the schedule, by its name in the IANA database, such as Asia/Shanghai. UTC by default.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	TimeZone string `json:"timeZone,omitempty"`

	// jitter spreads schedules of one time: each is late by a part of it, in whole seconds, which is derived
	// from the schedule's UID and stays the same.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+([.][0-9]*)?(ns|us|ms|s|m|h))+$|^0$') && duration(self) >= duration('0s') && duration(self) <= duration('24h')",message="jitter must be from 0s to 24h"
	Jitter *metav1.Duration `json:"jitter,omitempty"`

	// startingDeadline is how late a tick may still be run, for example when no controller was there at its
	// time. Without it there is no limit.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+([.][0-9]*)?(ns|us|ms|s|m|h))+$|^0$') && duration(self) >= duration('1s')",message="startingDeadline must be at least 1s"
	StartingDeadline *metav1.Duration `json:"startingDeadline,omitempty"`

	// catchUpLimit is how many ticks are run at once when several are due: the newest ones. Older ones are
	// passed over.
	// +optional
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100
	CatchUpLimit int32 `json:"catchUpLimit,omitempty"`

	// suspend stops the schedule. What would have been run meanwhile is not made up for.
	// +optional
	Suspend bool `json:"suspend,omitempty"`

	// params of each run, an object that satisfies the Task's schema.
	// +optional
	// +kubebuilder:validation:Type=object
	// +kubebuilder:pruning:PreserveUnknownFields
	Params *apiextensionsv1.JSON `json:"params,omitempty"`

	// timeout overrides the Task's for each run. It may be shorter, and longer only up to the Task's maxTimeout.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+([.][0-9]*)?(ns|us|ms|s|m|h))+$|^0$') && duration(self) >= duration('1s')",message="timeout must be at least 1s"
	Timeout *metav1.Duration `json:"timeout,omitempty"`
}

// TaskScheduleStatus is how far a schedule has come.
type TaskScheduleStatus struct {
	// observedGeneration is the generation of the spec that this status speaks of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// observedSchedule is the schedule and time zone of which the times below are. With another one, ticks
	// count from the moment when it was seen.
	// +optional
	ObservedSchedule string `json:"observedSchedule,omitempty"`

	// handledUntil is the time up to which ticks were run or passed over, or from which they count: that at
	// which the schedule was resumed, changed or mended.
	// +optional
	HandledUntil *metav1.Time `json:"handledUntil,omitempty"`

	// lastScheduleTime is the time of the last tick that was run, as the schedule has it, without jitter.
	// +optional
	LastScheduleTime *metav1.Time `json:"lastScheduleTime,omitempty"`

	// nextScheduleTime is when the next run is to be made, with jitter.
	// +optional
	NextScheduleTime *metav1.Time `json:"nextScheduleTime,omitempty"`

	// lastExecution is the name of the last TaskExecution that was made.
	// +optional
	LastExecution string `json:"lastExecution,omitempty"`

	// origin reports whether the annotations that say who made and who changed the schedule are proven. It is absent where
	// there are none.
	// +optional
	Origin Origin `json:"origin,omitempty"`

	// conditions: Ready says whether the schedule makes runs, and if not, why.
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
