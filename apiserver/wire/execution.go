package wire

import (
	"encoding/json"
	"time"
)

// Execution is an execution as it is sent. The first five fields are the documented ones; the others say
// more about the same.
type Execution struct {
	// ExecutionID is also the name of the TaskExecution.
	ExecutionID string `json:"executionId"`
	// TaskName of the task that it is a run of.
	TaskName string `json:"taskName"`
	// Status is running until the run has ended or its cancel was accepted.
	Status string `json:"status" jsonschema:"enum=running,enum=completed,enum=failed,enum=cancelled"`
	// StartedAt is when the first container started, and until then when the run was recorded.
	StartedAt time.Time `json:"startedAt"`
	// Logs are the newest entries; the whole log has an address of its own.
	Logs []Entry `json:"logs,omitzero" jsonschema:"required"`

	// Phase is the status of the TaskExecution, which tells more than status.
	Phase string `json:"phase" jsonschema:"enum=Pending,enum=Queued,enum=Running,enum=Cancelling,enum=Completed,enum=Failed,enum=Cancelled"`
	// FinishedAt is absent until the end.
	FinishedAt *time.Time `json:"finishedAt,omitempty"`
	// Duration in milliseconds, from the start of the first container to the end, or until now.
	Duration *int64 `json:"duration,omitempty"`
	// ExitCode of the container whose end decided how the run ended.
	ExitCode *int32 `json:"exitCode,omitempty"`
	// Reason for the phase, in one word.
	Reason string `json:"reason,omitempty"`
	// Message says the reason in words.
	Message string `json:"message,omitempty"`
	// Params that the run was given, without the sensitive ones. Any JSON, as somebody may have written it with kubectl.
	Params json.RawMessage `json:"params,omitempty"`
	// SecretParams are the names of the sensitive params, whose values are never sent.
	SecretParams []string `json:"secretParams,omitempty"`
	// Trigger is who or what asked for the run.
	Trigger Trigger `json:"trigger"`
	// Attempts are the pods that were started for it, and restarts within them.
	Attempts int32 `json:"attempts"`
	// Disruptions are how many of the attempts the platform ended, or a suspension of the Job.
	Disruptions int32 `json:"disruptions,omitempty"`
	// Completions are there where the Job wants more than one pod to succeed.
	Completions *Completions `json:"completions,omitempty"`
	// Index of the pod whose end decided how the run ended, where the Job is Indexed.
	Index *int32 `json:"index,omitempty"`
	// Pods of the run, oldest first, at most 10 of them. They are left out of lists that do not ask for logs.
	Pods []Pod `json:"pods,omitempty"`
	// RerunOf is the execution that this one repeats.
	RerunOf string `json:"rerunOf,omitempty"`
	// Queue is there while the run waits for its turn.
	Queue *Queue `json:"queue,omitempty"`
	// LogSummary counts what was read of the log.
	LogSummary *LogSummary `json:"logSummary,omitempty"`
	// Result is what the program left as its termination message: any JSON value.
	Result json.RawMessage `json:"result,omitempty"`
	// ResultTruncated: the program left more than is kept.
	ResultTruncated bool `json:"resultTruncated,omitempty"`
	// Cancellation is there once a cancel was accepted.
	Cancellation *Cancellation `json:"cancellation,omitempty"`
}

// Cancellation is the receipt of a cancel. Until the controller has seen it, it only says who and why.
type Cancellation struct {
	// RequestedBy is who asked.
	RequestedBy string `json:"requestedBy,omitempty"`
	// Claimed: anybody who may cancel runs with kubectl could have written RequestedBy. The policies of config/admission were
	// not in force.
	Claimed bool `json:"claimed,omitempty"`
	// Reason that was given.
	Reason string `json:"reason,omitempty"`
	// AcknowledgedAt is when the controller saw it.
	AcknowledgedAt *time.Time `json:"acknowledgedAt,omitempty"`
	// EndedAt is when the run had ended.
	EndedAt *time.Time `json:"endedAt,omitempty"`
	// Outcome is absent until the end.
	Outcome string `json:"outcome,omitempty" jsonschema:"enum=notStarted,enum=graceful,enum=forced,enum=unconfirmed,enum=alreadyEnded"`
}

// Queue is where a run waits.
type Queue struct {
	// Position in the queue of its task, counted from 1, as it was last written.
	Position int32 `json:"position,omitempty"`
	// BlockedBy is what it waits for.
	BlockedBy string `json:"blockedBy"`
}

// Entry is one line of a log, or one that the controller added.
type Entry struct {
	// Timestamp that the node gave the line.
	Timestamp time.Time `json:"timestamp"`
	// Level of the line, info where it does not say.
	Level string `json:"level" jsonschema:"enum=debug,enum=info,enum=warn,enum=error"`
	// Message of the line; the whole line where it is not structured.
	Message string `json:"message"`
	// Data are the other fields of a structured line.
	Data json.RawMessage `json:"data,omitempty"`
	// Index of the pod that printed it, where the Job is Indexed.
	Index *int32 `json:"index,omitempty"`
}

// Trigger is who or what asked for a run.
type Trigger struct {
	// Source is the way by which the run was asked for.
	Source string `json:"source" jsonschema:"enum=manual,enum=api,enum=schedule,enum=change,enum=kubectl"`
	// Name of what asked, such as a schedule.
	Name string `json:"name,omitempty"`
	// User who asked, or who wrote the schedule that asked.
	User string `json:"user,omitempty"`
	// Claimed: anybody who may create runs with kubectl could have written this and RerunOf. It is true if the policies of
	// config/admission were not in force, and until the controller has seen the run.
	Claimed bool `json:"claimed,omitempty"`
}

// LogSummary counts what was read of a log.
type LogSummary struct {
	// Entries that were read.
	Entries int64 `json:"entries"`
	// Bytes that were read.
	Bytes int64 `json:"bytes"`
	// DroppedEntries are those that are not in logs, because there is no room for them.
	DroppedEntries int64 `json:"droppedEntries"`
	// Complete: every line was read.
	Complete bool `json:"complete"`
	// Reason why it is not complete, in one word.
	Reason string `json:"reason,omitempty"`
}

// Task is a task as it is sent.
type Task struct {
	// Name of the task.
	Name string `json:"name"`
	// Description of what it does.
	Description string `json:"description,omitempty"`
	// Parameters are the JSON Schema (draft 2020-12) of its params.
	Parameters json.RawMessage `json:"parameters,omitempty"`
	// Timeout in milliseconds, absent when there is none.
	Timeout *int64 `json:"timeout,omitempty"`
	// MaxTimeout is the longest timeout that a schedule may ask for, in milliseconds, absent where that is timeout.
	MaxTimeout *int64 `json:"maxTimeout,omitempty"`
	// Retries of a run that fails.
	Retries int32 `json:"retries"`
	// Suspended tasks take no new runs.
	Suspended bool `json:"suspended,omitempty"`
	// Ready is false while the task cannot be run; Reason and Message then say why.
	Ready bool `json:"ready"`
	// Reason why it is not ready, in one word.
	Reason string `json:"reason,omitempty"`
	// Message says the reason in words.
	Message string `json:"message,omitempty"`
	// Warning says what in a task works, but hardly as it is meant, such as params that have no environment variable.
	Warning string `json:"warning,omitempty"`
}
