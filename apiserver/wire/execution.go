// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"encoding/json"
	"time"
)

// Execution is one run of a task. The first five fields are the basic ones; the others have more detail.
type Execution struct {
	// ExecutionID is the id of the run. It is also the name of the TaskExecution.
	ExecutionID string `json:"executionId"`
	// TaskName is the name of the task.
	TaskName string `json:"taskName"`
	// Status is running until the run has ended or its cancellation was accepted.
	Status string `json:"status" jsonschema:"enum=running,enum=completed,enum=failed,enum=cancelled"`
	// StartedAt is when the first container started. Before that, it is when the run was created.
	StartedAt time.Time `json:"startedAt"`
	// Logs are the newest entries. The whole log is at /tasks/executions/{executionId}/logs.
	Logs []Entry `json:"logs,omitzero" jsonschema:"required"`

	// Phase is the phase of the TaskExecution. It is more detailed than status.
	Phase string `json:"phase" jsonschema:"enum=Pending,enum=Queued,enum=Running,enum=Cancelling,enum=Completed,enum=Failed,enum=Cancelled"`
	// FinishedAt is when the run ended, absent before.
	FinishedAt *time.Time `json:"finishedAt,omitempty"`
	// Duration is the time in milliseconds from the start of the first container to the end, or until now.
	Duration *int64 `json:"duration,omitempty"`
	// ExitCode is the exit code of the container that decided how the run ended.
	ExitCode *int32 `json:"exitCode,omitempty"`
	// Reason is the reason for the phase, in one word.
	Reason string `json:"reason,omitempty"`
	// Message explains the reason in a sentence.
	Message string `json:"message,omitempty"`
	// Params are the params of the run, without sensitive ones. They can be any JSON if the run was created with
	// kubectl.
	Params json.RawMessage `json:"params,omitempty"`
	// Labels are the labels of the run, without those of Taskexec below taskexec.dev/.
	Labels map[string]string `json:"labels,omitempty"`
	// SecretParams are the names of the sensitive params. Their values are never sent.
	SecretParams []string `json:"secretParams,omitempty"`
	// Trigger says who or what started the run.
	Trigger Trigger `json:"trigger"`
	// Attempts is how many pods were started for the run, plus restarts within them.
	Attempts int32 `json:"attempts"`
	// Disruptions is how many attempts were ended by the platform or by a suspension of the Job.
	Disruptions int32 `json:"disruptions,omitempty"`
	// Completions is the progress of a Job that needs more than one successful pod, absent for others.
	Completions *Completions `json:"completions,omitempty"`
	// Index is the index of the pod that decided how the run ended. It is only present if the Job is Indexed.
	Index *int32 `json:"index,omitempty"`
	// Pods are the pods of the run, oldest first, at most 10. Lists have them only with logs=true.
	Pods []Pod `json:"pods,omitempty"`
	// RerunOf is the id of the execution that this one repeats.
	RerunOf string `json:"rerunOf,omitempty"`
	// Queue is present while the run is queued.
	Queue *Queue `json:"queue,omitempty"`
	// LogSummary says how much of the log was read.
	LogSummary *LogSummary `json:"logSummary,omitempty"`
	// Result is the termination message of the program: any JSON value.
	Result json.RawMessage `json:"result,omitempty"`
	// ResultTruncated is true if the result was too long to be kept completely.
	ResultTruncated bool `json:"resultTruncated,omitempty"`
	// Cancellation is the receipt of a cancel, present after it was accepted.
	Cancellation *Cancellation `json:"cancellation,omitempty"`
	// Archived is true if Kubernetes no longer has the run, and this is its record in the archive.
	Archived bool `json:"archived,omitempty"`
	// May is what the caller may do with the run, by its rights alone. It is present if the request asks for it.
	May []string `json:"may,omitzero" jsonschema:"enum=rerun,enum=cancel,enum=delete,enum=logs,enum=rawlogs"`
}

// Cancellation is the receipt of a cancel. Before the controller has acknowledged the cancel, it only has who asked and
// why.
type Cancellation struct {
	// RequestedBy is the user who cancelled the run.
	RequestedBy string `json:"requestedBy,omitempty"`
	// Claimed is true if requestedBy is not proven: anybody with the right to cancel runs with kubectl could have
	// written it, because the policies of config/admission were not in force.
	Claimed bool `json:"claimed,omitempty"`
	// Reason is the reason given for the cancel.
	Reason string `json:"reason,omitempty"`
	// AcknowledgedAt is when the controller acknowledged the cancel.
	AcknowledgedAt *time.Time `json:"acknowledgedAt,omitempty"`
	// EndedAt is when the last container had ended.
	EndedAt *time.Time `json:"endedAt,omitempty"`
	// Outcome says how the containers ended, absent before the end.
	Outcome string `json:"outcome,omitempty" jsonschema:"enum=notStarted,enum=graceful,enum=forced,enum=unconfirmed,enum=alreadyEnded"`
}

// Queue is the place of a queued run.
type Queue struct {
	// Position is the position in the queue of the task, from 1, when the status was last written.
	Position int32 `json:"position,omitempty"`
	// BlockedBy says which limit the run waits for.
	BlockedBy string `json:"blockedBy"`
}

// Entry is one line of a log, or an entry that the controller added.
type Entry struct {
	// Timestamp is when the node received the line.
	Timestamp time.Time `json:"timestamp"`
	// Level is the level of the line. It is info if the line has none.
	Level string `json:"level" jsonschema:"enum=debug,enum=info,enum=warn,enum=error"`
	// Message is the message of the line, or the whole line if it is not structured.
	Message string `json:"message"`
	// Data has the other fields of a structured line.
	Data json.RawMessage `json:"data,omitempty"`
	// Index is the index of the pod that printed the line. It is only present if the Job is Indexed.
	Index *int32 `json:"index,omitempty"`
}

// Trigger says who or what started a run.
type Trigger struct {
	// Source is how the run was started.
	Source string `json:"source" jsonschema:"enum=manual,enum=api,enum=schedule,enum=change,enum=kubectl"`
	// Name is the name of what started the run, such as a schedule.
	Name string `json:"name,omitempty"`
	// User is the user who started the run, or who last changed the schedule that did.
	User string `json:"user,omitempty"`
	// Claimed is true if the trigger and rerunOf are not proven: anybody with the right to create runs with kubectl
	// could have written them. That is so if the policies of config/admission were not in force, and until the
	// controller has checked the run.
	Claimed bool `json:"claimed,omitempty"`
}

// LogSummary says how much of a log the controller has read.
type LogSummary struct {
	// Entries is how many entries were read.
	Entries int64 `json:"entries"`
	// Bytes is how many bytes were read.
	Bytes int64 `json:"bytes"`
	// DroppedEntries is how many entries are not in logs, because only the newest are kept there.
	DroppedEntries int64 `json:"droppedEntries"`
	// Complete is true if every line was read.
	Complete bool `json:"complete"`
	// Reason says why the log is not complete, in one word.
	Reason string `json:"reason,omitempty"`
}

// Task is a task.
type Task struct {
	// Name is the name of the task.
	Name string `json:"name"`
	// Description says what the task does.
	Description string `json:"description,omitempty"`
	// Parameters is the JSON Schema (draft 2020-12) of the params.
	Parameters json.RawMessage `json:"parameters,omitempty"`
	// Timeout is the timeout of each run in milliseconds, absent if there is none.
	Timeout *int64 `json:"timeout,omitempty"`
	// MaxTimeout is the longest timeout that a schedule may set, in milliseconds. If it is absent, timeout is the
	// longest.
	MaxTimeout *int64 `json:"maxTimeout,omitempty"`
	// Retries is how often a failed run is retried.
	Retries int32 `json:"retries"`
	// Suspended is true if the task accepts no new runs.
	Suspended bool `json:"suspended,omitempty"`
	// Ready is false if the task cannot be run. Reason and message say why.
	Ready bool `json:"ready"`
	// Reason says why ready is false, in one word.
	Reason string `json:"reason,omitempty"`
	// Message explains the reason in a sentence.
	Message string `json:"message,omitempty"`
	// Warning says what works but is probably not intended, such as params without an environment variable.
	Warning string `json:"warning,omitempty"`
	// May is what the caller may do with the task: run it, cancel its runs, create a schedule of it. It is present if the
	// request asks for it.
	May []string `json:"may,omitzero" jsonschema:"enum=execute,enum=cancel,enum=schedule"`
}
