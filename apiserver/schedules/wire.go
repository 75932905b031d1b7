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

// Schedule is a schedule as it is sent. Durations are in milliseconds, as everywhere.
type Schedule struct {
	// Name of the schedule, and of the TaskSchedule.
	Name string `json:"name"`
	// TaskName of the task that it runs.
	TaskName string `json:"taskName"`
	// Schedule is a cron expression.
	Schedule string `json:"schedule"`
	// TimeZone is IANA's name of it.
	TimeZone string `json:"timeZone"`
	// Enabled schedules make runs.
	Enabled bool `json:"enabled"`
	// Params of each run.
	Params json.RawMessage `json:"params,omitempty"`
	// Jitter in milliseconds: runs are late by up to this, always by the same for one schedule.
	Jitter *int64 `json:"jitter,omitempty"`
	// StartingDeadline is how late a run may be made, in milliseconds, absent when there is no limit.
	StartingDeadline *int64 `json:"startingDeadline,omitempty"`
	// CatchUpLimit is how many runs are made of several that are due at once.
	CatchUpLimit int32 `json:"catchUpLimit"`
	// Timeout of each run in milliseconds, absent when the task's holds.
	Timeout *int64 `json:"timeout,omitempty"`

	// NextRunAt is absent while no run is to come.
	NextRunAt *time.Time `json:"nextRunAt,omitempty"`
	// LastRunAt is the tick of the newest run.
	LastRunAt *time.Time `json:"lastRunAt,omitempty"`
	// LastExecutionID is the newest run.
	LastExecutionID string `json:"lastExecutionId,omitempty"`
	// Ready is false while the schedule makes no runs though it is enabled; Reason and Message then say why.
	Ready bool `json:"ready"`
	// Reason why it is not ready, in one word.
	Reason string `json:"reason,omitempty"`
	// Message says the reason in words.
	Message string `json:"message,omitempty"`
	// Generation counts the changes of what was asked for. A PUT that has it changes only what it has seen.
	Generation int64 `json:"generation"`
	// CreatedAt is when the schedule was made.
	CreatedAt time.Time `json:"createdAt"`
	// CreatedBy is who made it over REST.
	CreatedBy string `json:"createdBy,omitempty"`
	// ChangedBy is who wrote what it says now, absent if somebody changed it otherwise. Its runs have this user.
	ChangedBy string `json:"changedBy,omitempty"`
	// Claimed: anybody who may write schedules with kubectl could have written these names. It is true if the policies of
	// config/admission were not in force, and until the controller has seen the schedule.
	Claimed bool `json:"claimed,omitempty"`
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
		w.Reason, w.Message = "NotJudged", "the controller has not looked at this schedule yet"
		return w // the next run that is known is that of what was asked for before
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

// scheduleRequest is the body that makes or replaces a schedule. Each field is read by itself, so that all that
// is wrong is told at once. What only an answer has is taken and ignored, so that an answer can be sent back.
type scheduleRequest struct {
	// Name of the schedule. In a PUT it may be left out.
	Name json.RawMessage `json:"name,omitempty" jsonschema_extras:"type=string,type=null"`
	// TaskName of a task that exists. Required.
	TaskName json.RawMessage `json:"taskName" jsonschema_extras:"type=string"`
	// Schedule is a cron expression of five fields or six, with the second first, or one such as @hourly. Required.
	Schedule json.RawMessage `json:"schedule" jsonschema_extras:"type=string"`
	// TimeZone is IANA's name of it; UTC where it is left out.
	TimeZone json.RawMessage `json:"timeZone,omitempty" jsonschema_extras:"type=string,type=null"`
	// Enabled is true where it is left out.
	Enabled json.RawMessage `json:"enabled,omitempty" jsonschema_extras:"type=boolean,type=null"`
	// Params of each run, judged by the schema of the task.
	Params json.RawMessage `json:"params,omitempty" jsonschema_extras:"type=object,type=null,additionalProperties=true"`
	// Jitter in milliseconds, up to a day.
	Jitter json.RawMessage `json:"jitter,omitempty" jsonschema_extras:"type=integer,type=null"`
	// StartingDeadline in milliseconds, at least a second.
	StartingDeadline json.RawMessage `json:"startingDeadline,omitempty" jsonschema_extras:"type=integer,type=null"`
	// CatchUpLimit from 1 to 100, 1 where it is left out.
	CatchUpLimit json.RawMessage `json:"catchUpLimit,omitempty" jsonschema_extras:"type=integer,type=null"`
	// Timeout of each run in milliseconds, at least a second.
	Timeout json.RawMessage `json:"timeout,omitempty" jsonschema_extras:"type=integer,type=null"`
	// Generation that this request has seen: where the schedule was changed since, the answer is 409.
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

// toggleRequest may say what a schedule is set to.
type toggleRequest struct {
	// Enabled turns it on or off; left out, it is turned over.
	Enabled json.RawMessage `json:"enabled,omitempty" jsonschema_extras:"type=boolean,type=null"`
}
