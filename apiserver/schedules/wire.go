// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package schedules

import (
	"encoding/json"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/wire"
	"github.com/taskexec/taskexec/controllers/origin"
	"github.com/taskexec/taskexec/controllers/schedule"
)

// Schedule is a schedule. Durations are in milliseconds.
type Schedule struct {
	// Name is the name of the schedule. It is also the name of the TaskSchedule.
	Name string `json:"name"`
	// TaskName is the name of the task that the schedule runs.
	TaskName string `json:"taskName"`
	// Schedule is a cron expression.
	Schedule string `json:"schedule"`
	// TimeZone is a name of the IANA time zone database, such as Europe/Berlin.
	TimeZone string `json:"timeZone"`
	// Enabled is true if the schedule starts runs.
	Enabled bool `json:"enabled"`
	// Params are the params of each run.
	Params json.RawMessage `json:"params,omitempty"`
	// Labels are the labels of each run.
	Labels map[string]string `json:"labels,omitempty"`
	// Jitter is the longest delay of a run, in milliseconds. The delay of one schedule is always the same.
	Jitter *int64 `json:"jitter,omitempty"`
	// StartingDeadline is how late a run may start, in milliseconds, absent if there is no limit.
	StartingDeadline *int64 `json:"startingDeadline,omitempty"`
	// CatchUpLimit is how many runs are started if several are due at once.
	CatchUpLimit int32 `json:"catchUpLimit"`
	// Timeout is the timeout of each run in milliseconds. If it is absent, the task's timeout holds.
	Timeout *int64 `json:"timeout,omitempty"`

	// NextRunAt is when the next run is due, absent if none is.
	NextRunAt *time.Time `json:"nextRunAt,omitempty"`
	// LastRunAt is when the newest run was due.
	LastRunAt *time.Time `json:"lastRunAt,omitempty"`
	// LastExecutionID is the id of the newest run.
	LastExecutionID string `json:"lastExecutionId,omitempty"`
	// Ready is false if the schedule is enabled but cannot start runs. Reason and message say why.
	Ready bool `json:"ready"`
	// Reason says why ready is false, in one word.
	Reason string `json:"reason,omitempty"`
	// Message explains the reason in a sentence.
	Message string `json:"message,omitempty"`
	// Generation increases with every change of the schedule. A PUT with a generation fails if the schedule has another
	// one.
	Generation int64 `json:"generation"`
	// CreatedAt is when the schedule was created.
	CreatedAt time.Time `json:"createdAt"`
	// CreatedBy is the user who created the schedule over the REST API.
	CreatedBy string `json:"createdBy,omitempty"`
	// ChangedBy is the user who last changed the schedule over the REST API, absent if it was changed in another way.
	// Its runs have this user.
	ChangedBy string `json:"changedBy,omitempty"`
	// Claimed is true if createdBy and changedBy are not proven: anybody with the right to write schedules with kubectl
	// could have written them. That is so if the policies of config/admission were not in force, and until the
	// controller has checked the schedule.
	Claimed bool `json:"claimed,omitempty"`
	// May is what the caller may do with the schedule: run it now, change it, delete it. To enable it takes run too. It is
	// present if the request asks for it.
	May []string `json:"may,omitzero" jsonschema:"enum=run,enum=update,enum=delete"`
}

func scheduleOf(s *v1alpha1.TaskSchedule) Schedule {
	spec, status := &s.Spec, &s.Status
	w := Schedule{
		Name:             s.Name,
		TaskName:         spec.TaskRef.Name,
		Schedule:         spec.Schedule,
		TimeZone:         spec.TimeZone,
		Enabled:          !spec.Suspend,
		Jitter:           wire.Milliseconds(spec.Jitter),
		StartingDeadline: wire.Milliseconds(spec.StartingDeadline),
		Labels:           spec.Labels,
		CatchUpLimit:     max(1, spec.CatchUpLimit),
		Timeout:          wire.Milliseconds(spec.Timeout),
		LastRunAt:        moment(status.LastScheduleTime),
		LastExecutionID:  status.LastExecution,
		Generation:       s.Generation,
		CreatedAt:        s.CreationTimestamp.UTC(),
		CreatedBy:        s.Annotations[v1alpha1.AnnotationCreatedBy],
		ChangedBy:        schedule.ChangedBy(s),
		Claimed:          s.Status.Origin != v1alpha1.OriginProven && origin.IsAuthorStated(s),
	}
	if w.TimeZone == "" {
		w.TimeZone = "UTC"
	}
	if spec.Params != nil {
		w.Params = spec.Params.Raw
	}
	ready := apimeta.FindStatusCondition(status.Conditions, v1alpha1.ConditionReady)
	switch {
	case ready == nil || ready.ObservedGeneration != s.Generation:
		w.Reason, w.Message = "NotJudged", "the controller has not checked this schedule yet"
		return w // the known next run belongs to the previous spec
	case ready.Status == metav1.ConditionTrue:
		w.Ready = true
	default:
		w.Reason, w.Message = ready.Reason, ready.Message
	}
	w.NextRunAt = moment(status.NextScheduleTime)
	return w
}

func moment(t *metav1.Time) *time.Time {
	if t == nil {
		return nil
	}
	utc := t.UTC()
	return &utc
}

// scheduleRequest creates or replaces a schedule. All problems are reported at once. Fields that only an answer has are
// ignored, so that an answer can be sent back.
type scheduleRequest struct {
	// Name is the name of the schedule. A PUT can omit it.
	Name json.RawMessage `json:"name,omitempty" jsonschema_extras:"type=string,type=null"`
	// TaskName is the name of an existing task. Required.
	TaskName json.RawMessage `json:"taskName" jsonschema_extras:"type=string"`
	// Schedule is a cron expression with five fields, or six with seconds first, or a shorthand such as @hourly.
	// Required.
	Schedule json.RawMessage `json:"schedule" jsonschema_extras:"type=string"`
	// TimeZone is a name of the IANA time zone database. The default is UTC.
	TimeZone json.RawMessage `json:"timeZone,omitempty" jsonschema_extras:"type=string,type=null"`
	// Enabled says whether the schedule starts runs. The default is true.
	Enabled json.RawMessage `json:"enabled,omitempty" jsonschema_extras:"type=boolean,type=null"`
	// Params are the params of each run. They must match the task's schema.
	Params json.RawMessage `json:"params,omitempty" jsonschema_extras:"type=object,type=null,additionalProperties=true"`
	// Labels are labels of each run, its Job and its pods, at most 16, with Kubernetes' syntax.
	Labels json.RawMessage `json:"labels,omitempty" jsonschema_extras:"type=object,type=null,additionalProperties=true"`
	// Jitter is the longest delay of a run, in milliseconds, up to a day.
	Jitter json.RawMessage `json:"jitter,omitempty" jsonschema_extras:"type=integer,type=null"`
	// StartingDeadline is how late a run may start, in milliseconds, at least 1000.
	StartingDeadline json.RawMessage `json:"startingDeadline,omitempty" jsonschema_extras:"type=integer,type=null"`
	// CatchUpLimit is how many runs are started if several are due at once, from 1 to 100. The default is 1.
	CatchUpLimit json.RawMessage `json:"catchUpLimit,omitempty" jsonschema_extras:"type=integer,type=null"`
	// Timeout is the timeout of each run in milliseconds, at least 1000.
	Timeout json.RawMessage `json:"timeout,omitempty" jsonschema_extras:"type=integer,type=null"`
	// Generation is the generation that the client has read. If the schedule has changed since, the answer is 409.
	Generation json.RawMessage `json:"generation,omitempty" jsonschema_extras:"type=integer,type=null"`

	// NextRunAt is ignored.
	NextRunAt json.RawMessage `json:"nextRunAt,omitempty"`
	// LastRunAt is ignored.
	LastRunAt json.RawMessage `json:"lastRunAt,omitempty"`
	// LastExecutionID is ignored.
	LastExecutionID json.RawMessage `json:"lastExecutionId,omitempty"`
	// Ready is ignored.
	Ready json.RawMessage `json:"ready,omitempty"`
	// Reason is ignored.
	Reason json.RawMessage `json:"reason,omitempty"`
	// Message is ignored.
	Message json.RawMessage `json:"message,omitempty"`
	// CreatedAt is ignored.
	CreatedAt json.RawMessage `json:"createdAt,omitempty"`
	// CreatedBy is ignored.
	CreatedBy json.RawMessage `json:"createdBy,omitempty"`
	// ChangedBy is ignored.
	ChangedBy json.RawMessage `json:"changedBy,omitempty"`
	// Claimed is ignored.
	Claimed json.RawMessage `json:"claimed,omitempty"`
}

// toggleRequest enables, disables or toggles a schedule.
type toggleRequest struct {
	// Enabled enables or disables the schedule. If it is absent, the schedule is toggled.
	Enabled json.RawMessage `json:"enabled,omitempty" jsonschema_extras:"type=boolean,type=null"`
}
