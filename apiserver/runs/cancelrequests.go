// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runs

// CancelByIDsRequest lists the executions to cancel.
type CancelByIDsRequest struct {
	// ExecutionIDs are the ids of the executions. Duplicates count once.
	ExecutionIDs []string `json:"executionIds" jsonschema:"minItems=1,maxItems=1000,minLength=1"`
	// Reason is the reason for people, kept in the receipt.
	Reason string `json:"reason,omitempty" jsonschema:"maxLength=1024" jsonschema_extras:"type=string,type=null"`
}

// CancelByIDsResponse has the outcome for each execution.
type CancelByIDsResponse struct {
	// Cancelled are the executions that were cancelled by this request or an earlier one.
	Cancelled []string `json:"cancelled"`
	// NotFound are the ids without an execution.
	NotFound []string `json:"notFound"`
	// AlreadyFinished are the executions that had already ended.
	AlreadyFinished []string `json:"alreadyFinished"`
}

// cancelByTaskNamesRequest lists the tasks whose runs to cancel.
type cancelByTaskNamesRequest struct {
	// TaskNames are the names of the tasks.
	TaskNames []string `json:"taskNames" jsonschema:"minItems=1,maxItems=1000,minLength=1"`
	// Reason is the reason for people, kept in the receipt.
	Reason string `json:"reason,omitempty" jsonschema:"maxLength=1024" jsonschema_extras:"type=string,type=null"`
}

// cancelByTaskNamesResponse lists the cancelled runs.
type cancelByTaskNamesResponse struct {
	// Cancelled are the ids of the cancelled executions.
	Cancelled []string `json:"cancelled"`
	// TaskNotFound are the names without a task and without a run.
	TaskNotFound []string `json:"taskNotFound"`
}

// cancelAllRequest can give a reason.
type cancelAllRequest struct {
	// Reason is the reason for people, kept in the receipt.
	Reason string `json:"reason,omitempty" jsonschema:"maxLength=1024" jsonschema_extras:"type=string,type=null"`
}

// CancelAllResponse has the number of cancelled executions.
type CancelAllResponse struct {
	// Count is how many executions this request cancelled.
	Count int `json:"count"`
	// DryRun is true if the executions were only counted.
	DryRun bool `json:"dryRun,omitempty"`
}
