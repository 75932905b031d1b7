package runs

// CancelByIDsRequest names the executions to cancel.
type CancelByIDsRequest struct {
	// ExecutionIDs to cancel. One that stands twice counts once.
	ExecutionIDs []string `json:"executionIds" jsonschema:"minItems=1,maxItems=1000,minLength=1"`
	// Reason for people, kept in the receipt.
	Reason string `json:"reason,omitempty" jsonschema:"maxLength=1024" jsonschema_extras:"type=string,type=null"`
}

// CancelByIDsResponse says what became of each.
type CancelByIDsResponse struct {
	// Cancelled end as cancelled, because of this request or of one before it.
	Cancelled []string `json:"cancelled"`
	// NotFound do not exist.
	NotFound []string `json:"notFound"`
	// AlreadyFinished had ended.
	AlreadyFinished []string `json:"alreadyFinished"`
}

// cancelByTaskNamesRequest names the tasks whose runs to cancel.
type cancelByTaskNamesRequest struct {
	// TaskNames whose runs are cancelled.
	TaskNames []string `json:"taskNames" jsonschema:"minItems=1,maxItems=1000,minLength=1"`
	// Reason for people, kept in the receipt.
	Reason string `json:"reason,omitempty" jsonschema:"maxLength=1024" jsonschema_extras:"type=string,type=null"`
}

// cancelByTaskNamesResponse says which runs will end.
type cancelByTaskNamesResponse struct {
	// Cancelled executions.
	Cancelled []string `json:"cancelled"`
	// TaskNotFound are names of which there is neither a task nor a run.
	TaskNotFound []string `json:"taskNotFound"`
}

// cancelAllRequest may say why.
type cancelAllRequest struct {
	// Reason for people, kept in the receipt.
	Reason string `json:"reason,omitempty" jsonschema:"maxLength=1024" jsonschema_extras:"type=string,type=null"`
}

// CancelAllResponse counts.
type CancelAllResponse struct {
	// Count of the executions that this request cancelled.
	Count int `json:"count"`
	// DryRun: nothing was cancelled, only counted.
	DryRun bool `json:"dryRun,omitempty"`
}
