package apiserver

import (
	"encoding/json"
	"time"
)

// wireExecution is an execution as it is sent. The first five fields are the documented ones; the others say
// more about the same.
type wireExecution struct {
	ExecutionID string      `json:"executionId"`
	TaskName    string      `json:"taskName"`
	Status      string      `json:"status"`
	StartedAt   time.Time   `json:"startedAt"`
	Logs        []wireEntry `json:"logs"`

	Phase      string     `json:"phase"`
	FinishedAt *time.Time `json:"finishedAt,omitempty"`
	// Duration in milliseconds, from the start of the first container to the end, or until now.
	Duration   *int64          `json:"duration,omitempty"`
	ExitCode   *int32          `json:"exitCode,omitempty"`
	Reason     string          `json:"reason,omitempty"`
	Message    string          `json:"message,omitempty"`
	Params     json.RawMessage `json:"params,omitempty"`
	Trigger    wireTrigger     `json:"trigger"`
	Attempts   int32           `json:"attempts"`
	LogSummary *wireLogSummary `json:"logSummary,omitempty"`
}

type wireEntry struct {
	Timestamp time.Time       `json:"timestamp"`
	Level     string          `json:"level"`
	Message   string          `json:"message"`
	Data      json.RawMessage `json:"data,omitempty"`
}

type wireTrigger struct {
	Source string `json:"source"`
	Name   string `json:"name,omitempty"`
	User   string `json:"user,omitempty"`
}

type wireLogSummary struct {
	Entries        int64  `json:"entries"`
	Bytes          int64  `json:"bytes"`
	DroppedEntries int64  `json:"droppedEntries"`
	Complete       bool   `json:"complete"`
	Reason         string `json:"reason,omitempty"`
}

// wireStarted answers an execute: the execution, and the same once more under data, for clients that read
// response.data.executionId as the quick reference's first scenario does.
type wireStarted struct {
	wireExecution
	Data wireExecution `json:"data"`
}

// wireTask is a task as it is sent.
type wireTask struct {
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Parameters  json.RawMessage `json:"parameters,omitempty"`
	// Timeout in milliseconds, absent when there is none.
	Timeout *int64 `json:"timeout,omitempty"`
	Retries int32  `json:"retries"`
	// Ready is false while the task cannot be run; Reason and Message then say why.
	Ready   bool   `json:"ready"`
	Reason  string `json:"reason,omitempty"`
	Message string `json:"message,omitempty"`
}

type executeRequest struct {
	Params json.RawMessage `json:"params"`
}

type cancelByIDsRequest struct {
	ExecutionIDs []string `json:"executionIds"`
}

type cancelByIDsResponse struct {
	Cancelled       []string `json:"cancelled"`
	NotFound        []string `json:"notFound"`
	AlreadyFinished []string `json:"alreadyFinished"`
}

type cancelByTaskNamesRequest struct {
	TaskNames []string `json:"taskNames"`
}

type cancelByTaskNamesResponse struct {
	Cancelled    []string `json:"cancelled"`
	TaskNotFound []string `json:"taskNotFound"`
}

type cancelAllResponse struct {
	Count int `json:"count"`
}
